"""The pages of one model: its decisions' reports, and what its own page tells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gates.adapters import files
from gates.adapters.console import Screen
from gates.errors import GatesError, TamperedError
from gates.ledger import History, Link
from gates.render import report
from gates.render.site import Model, Move, Waived
from gates.run import report as reports
from gates.run import serving
from gates.run.project import Project, now, open_project

DRAWN, PLAIN = "drawn", "plain"  # a page with pictures, and one without


@dataclass(frozen=True)
class Task:
    """What is to be made of a model.

    Attributes:
        root: Folder of its project.
        folder: Folder of the site.
        pages: Those that are there, or those that are to be drawn.
    """

    root: Path
    folder: Path
    pages: frozenset[str]


@dataclass(frozen=True)
class Made:
    """What was made of a task.

    Attributes:
        pages: The pages that were written, drawn or plain.
        error: Why not all of them were.
    """

    pages: Mapping[str, str]
    error: GatesError | None


def write(task: Task) -> tuple[Model, Made]:
    """Write the reports that are not there yet, without pictures; return what the model's page tells."""
    project = _opened(task)
    waivers = [
        Waived(each.gate, each.finding, each.owner, each.expires, each.reason)
        for each in project.policy.waivers
    ]
    known = Model(
        project.model, "", "", (), waivers, project.policy.sha256, "", verified=False, today=now().date()
    )
    try:
        history = project.history()
    except GatesError as error:
        return known, Made({}, error)
    written: dict[str, str] = {}
    moves: list[Move] = []
    broken: TamperedError | None = None
    for link, page in _pages(project, history):
        shown = page
        try:
            if page and page not in task.pages:
                _write(project, history, link, task.folder / page, drawn=False)
                written[page] = PLAIN
        except TamperedError as error:
            shown, broken = "", error
        moves.append(_move(link, shown))
    champion, state = history.champion, f"{len(moves)} entries verify."
    serves, since = champion.version if champion else "", history.since or ""
    known = replace(known, champion=serves, since=since, moves=moves, state=state, verified=True)
    return known, Made(written, broken)


def draw(task: Task) -> Made:
    """Write the reports of a task with their pictures; one that cannot be drawn stays as it is."""
    project = _opened(task)
    try:
        history = project.history()
    except GatesError as error:
        return Made({}, error)
    drawn: dict[str, str] = {}
    broken: TamperedError | None = None
    for link, page in _pages(project, history):
        try:
            if page in task.pages:
                _write(project, history, link, task.folder / page, drawn=True)
                drawn[page] = DRAWN
        except TamperedError as error:
            broken = error
    return Made(drawn, broken)


def _opened(task: Task) -> Project:
    return open_project(task.root, "site", Screen(quiet=True))


def _pages(project: Project, history: History) -> Iterator[tuple[Link, str]]:
    """Yield each entry with the page of its own decision; an empty one where it has none, as a rollback."""
    for link in history.links:
        own = link.entry.kind in {"promote", "break-glass", "refuse"}
        yield link, f"{project.model}/{link.entry.seq:08d}-{link.sha256[:12]}.html" if own else ""


def _write(project: Project, history: History, link: Link, path: Path, *, drawn: bool) -> None:
    """Write one decision's report.

    Raises:
        TamperedError: Its statement, or what is drawn, does not verify.
    """
    decision = serving.decision_of(project, link)
    exhibits = reports.kept(project, decision) if drawn else {}
    told = reports.of(history, decision, exhibits, link)
    page = report.html(replace(told, back="index.html", drawn=drawn))
    files.write_bytes(path, page.encode())


def _move(link: Link, page: str) -> Move:
    entry = link.entry
    named = entry.target.version if entry.target and entry.moves else ""
    address = page.rpartition("/")[2]
    return Move(entry.seq, entry.kind, entry.time, named, entry.actor, entry.reason, address)
