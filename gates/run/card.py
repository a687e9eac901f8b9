"""`gates card`: the model card of a champion, made of what the ledger keeps; the same bytes each time."""

import logging
from pathlib import Path

from gates import digest
from gates.adapters import files, github, model_card
from gates.adapters.registry import LONGEST_TAG, Registry
from gates.documents import Document
from gates.errors import GatesError
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
    named = decision.sha256
    body = card.sections(decision, exhibits, named, version)
    return model_card.written(card.metadata(decision, exhibits), body)


def log(project: Project, registry: Registry, decision: Decision, version: str) -> None:
    """Keep the card of a promotion beside its evidence, and at its version in the registry.

    The champion has moved: that there is no card, for whatever reason, is a warning and changes no answer.
    """
    try:
        drawn = report.read_exhibits(decision, report.beside(project), str(project.evidence))
        text = of(decision, drawn, version)
        files.write_bytes(project.evidence / PAGE, text.encode())
        registry.describe(version, _sentence(decision, version), for_tag(text, version))
    except Exception as error:
        logging.getLogger("gates").warning("no model card", exc_info=True)
        why = f"{error} {error.why}".strip() if isinstance(error, GatesError) else str(error)
        told = (
            f"v{version} is promoted, but its model card is not logged: {why} Write it: gates card v{version}"
        )
        project.say(told)
        github.annotate("warning", "model card", told)


def for_tag(text: str, version: str) -> str:
    """Return a card as the registry's tag can hold it; a longer one is cut after a line, and says so."""
    if len(text) <= LONGEST_TAG:
        return text
    end = f"\n\n*Cut here. The whole card: gates card v{version}*\n"
    return text[: LONGEST_TAG - len(end)].rpartition("\n")[0] + end


def _sentence(decision: Decision, version: str) -> str:
    return f"{decision.model} v{version}: its model card is the tag model_card, and {PAGE} in evidence/."
