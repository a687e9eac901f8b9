"""`gates card`: the model card of a champion, made of what the ledger keeps; the same bytes each time."""

from pathlib import Path

from gates import digest, statement
from gates.adapters import files, model_card
from gates.adapters.registry import Registry
from gates.documents import Document
from gates.errors import UnavailableError
from gates.render import card
from gates.run import report, views
from gates.run.project import Project
from gates.run.result import Result
from gates.statement import Decision

PAGE = "model_card.md"


def run(project: Project, target: str, out: Path | None) -> Result:
    """Write the card of who serves, or of another champion by version or SHA.

    Raises:
        InvalidError: The ledger does not know it.
        TamperedError: Its statement, or what is kept beside it, does not verify.
    """
    champion = project.history().champion
    found, decision = views.find(project, target or (champion.version if champion else ""))
    text = of(decision, report.kept(project, decision), found.version)
    path = out or project.evidence / PAGE
    files.write_bytes(path, text.encode())
    return Result(
        "pass",
        f"{path} holds the card of v{found.version}.",
        digest=digest.of_bytes(text.encode()),
        details={"card": str(path), "version": found.version, "sha": found.sha},
    )


def of(decision: Decision, exhibits: Document, version: str) -> str:
    """Return the card of a version that a decision has let in."""
    named = digest.of_document(statement.to_document(decision))
    body = card.sections(decision, exhibits, named, version)
    return model_card.written(card.metadata(decision, exhibits), body)


def log(project: Project, registry: Registry, decision: Decision, version: str) -> None:
    """Keep the card of a promotion beside its evidence, and at its version in the registry.

    Raises:
        UnavailableError: MLflow did not answer; the promotion is done.
    """
    drawn = report.read_exhibits(decision, report.beside(project), str(project.evidence))
    text = of(decision, drawn, version)
    files.write_bytes(project.evidence / PAGE, text.encode())
    sentence = f"{decision.model} v{version}: its model card is the tag model_card, and {PAGE} in evidence/."
    try:
        registry.describe(version, sentence, text)
    except UnavailableError as error:
        raise UnavailableError(
            error.what,
            why=f"{error.why} The model is promoted; only its card is not logged.".strip(),
            do=error.do,
        ) from error
