"""`gates report`: one decision as a page for people, from what was kept of it."""

import logging
from pathlib import Path

from gates import digest, exhibits, statement
from gates.adapters import files
from gates.documents import Document, parse_json, read_json
from gates.errors import InvalidError, TamperedError
from gates.ledger import SHORTEST_SHA, History, Link
from gates.plans import promote as promotion
from gates.render import report, sentences
from gates.render.report import Report
from gates.run import serving, views
from gates.run.exhibits import NAME
from gates.run.project import Project
from gates.run.result import Result
from gates.statement import Decision
from gates.verdict import Outcome

PAGE = "report.html"


def run(project: Project, target: str, out: Path | None) -> Result:
    """Write the report of a decision: of the last one judged here, or of a champion or a refused model.

    Raises:
        InvalidError: There is no such decision.
        TamperedError: What is drawn is not what the statement names, or the statement does not verify.
    """
    history = project.history()
    if target:
        decision, link = _found(project, history, target)
        told = of(history, decision, kept(project, decision), link)
    else:
        decision = _judged(project)
        drawn = read_exhibits(decision, beside(project), str(project.evidence / NAME))
        told = of(history, decision, drawn, entry_of(project, history, decision))
    return _written(project, told, out)


def of_champion(project: Project) -> Result:
    """Write the report of who serves, for a ship that has nothing to do.

    Raises:
        TamperedError: Its statement does not verify.
    """
    history = project.history()
    champion = history.champion
    if champion is None:
        raise RuntimeError("nothing is to do only where somebody serves")
    decision = serving.decision(project, history, champion)
    told = of(history, decision, kept(project, decision), history.admission(champion)[0])
    sentence = f"v{champion.version} ({champion.sha[:12]}) is already champion; nothing to do."
    return _written(project, Report(**{**vars(told), "state": "unchanged", "sentence": sentence}), None)


def tell(project: Project, *, of_who_serves: bool = False) -> None:
    """Write the report where the road ends; that there is none, for whatever reason, changes no answer."""
    try:
        project.say("writing the report")
        of_champion(project) if of_who_serves else run(project, "", None)
    except Exception as error:
        logging.getLogger("gates").warning("no report", exc_info=True)
        project.say(f"there is no report: {error}")


def of(history: History, decision: Decision, drawn: Document, link: Link | None) -> Report:
    """Return what is told of a decision.

    Args:
        history: The verified ledger.
        decision: What was decided.
        drawn: Its exhibits.
        link: The entry that it has made; None where it has made none.
    """
    facts: tuple[str, ...] = ()
    if link is not None:
        entry = link.entry
        facts = (f"{entry.kind} at {entry.time} by {entry.actor}: {entry.reason}",)
        if entry.moves and entry.target is not None:
            before = entry.origin.version if entry.origin else None
            sentence = sentences.promoted(entry.target.version, before, decision.verdicts)
            if entry.kind == "break-glass":
                sentence = f"v{entry.target.version} was let in by break-glass: {entry.reason}"
            return Report("promoted", sentence, decision, drawn, entry.target.version, facts)
    if decision.outcome is Outcome.PASS:
        return Report("passed", "Every gate that blocks passes; nothing has moved yet.", decision, drawn)
    serves = link.entry.origin if link else history.champion
    sentence = sentences.refused(
        decision.outcome.value, decision.verdicts, {"version": serves.version} if serves else None
    )
    failed = decision.outcome is Outcome.FAIL
    return Report("refused" if failed else "undecided", sentence, decision, drawn, "", facts)


def entry_of(project: Project, history: History, decision: Decision) -> Link | None:
    """Return the entry that a decision has made, newest first; None where it has made none."""
    noted = history.operation(promotion.operation(decision))
    if noted is not None:
        return noted
    for link in reversed(history.links):
        target = link.entry.target
        if link.entry.kind == "break-glass" and target and target.sha == decision.candidate.sha:
            return link if serving.decision(project, history, target) == decision else None
    return None


def kept(project: Project, decision: Decision) -> Document:
    """Return the exhibits that the ledger keeps of a decision; none of a decision before there were any."""
    named = decision.candidate.exhibits_sha256
    return read_exhibits(decision, project.store.get(named), f"The exhibits {named[:12]}") if named else {}


def read_exhibits(decision: Decision, data: bytes, name: str) -> Document:
    """Return exhibits, held to be those that the statement names.

    Raises:
        TamperedError: They are not.
    """
    if not decision.candidate.exhibits_sha256:
        return {}
    if digest.of_bytes(data) != decision.candidate.exhibits_sha256:
        raise TamperedError(
            f"{name} is not what the statement names.",
            why="It was changed after the judgement.",
            do="Find who wrote there; then judge again: gates ship --until judge",
        )
    return exhibits.require_known(parse_json(data, name), name)


def _found(project: Project, history: History, target: str) -> tuple[Decision, Link]:
    """Return the decision about a champion, by version or SHA, or about a refused model, by SHA."""
    try:
        champion, decision = views.find(project, target)
    except InvalidError:
        refused = [link for link in reversed(history.links) if link.entry.kind == "refuse"]
        for link in refused if len(target) >= SHORTEST_SHA else []:
            decision = serving.decision_of(project, link)
            if decision.candidate.sha.startswith(target):
                return decision, link
        raise
    return decision, history.admission(champion)[0]


def _judged(project: Project) -> Decision:
    path = project.evidence / "statement.json"
    if not path.exists():
        raise InvalidError(
            "Nothing was judged here yet.",
            why=f"{path} is absent.",
            do="gates ship, or name a champion: gates report v1",
        )
    return statement.from_document(read_json(path), str(path))


def beside(project: Project) -> bytes:
    """Return the exhibits that lie beside the statement; nothing where there are none."""
    path = project.evidence / NAME
    return path.read_bytes() if path.exists() else b""


def _written(project: Project, told: Report, out: Path | None) -> Result:
    path = out or project.evidence / PAGE
    page = report.html(told).encode()
    files.write_bytes(path, page)
    return Result(
        "pass",
        f"{path} holds the report: {told.sentence}",
        digest=digest.of_bytes(page),
        details={"report": str(path), "state": told.state, "bytes": len(page)},
    )
