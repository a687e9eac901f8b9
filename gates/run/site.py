"""`gates site`: a folder of pages about every model, from its ledger and today's waivers."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from gates import __version__, digest
from gates.adapters import files
from gates.documents import Document, read_json
from gates.errors import GatesError, InvalidError, TamperedError
from gates.ledger import History, Link
from gates.render import report, site, templates
from gates.render.sentences import number
from gates.render.site import Model, Move, Waived
from gates.run import report as reports
from gates.run import serving
from gates.run.project import Project, now, open_project
from gates.run.result import Result

MADE = ".made.json"  # what was made of what, so that it is not made again
MARK = ".nojekyll"  # that a site lies here; GitHub Pages also takes it to publish the files as they are
DRAWN, PLAIN, OLD = "drawn", "plain", "old"  # with pictures, without, with those of another version
PICTURE = b"<figure"
FORMAT = 1


def run(project: Project, folder: Path, others: Sequence[Path], pictures: int) -> Result:
    """Write the site of this project's model, and of those of other projects.

    A decision never changes, so its page is made once. Pictures take longest: so many of the newest decisions
    that have none get theirs in a run, and the next run on this folder goes on. A page with pictures is never
    replaced by one without, though another version made it.

    Args:
        project: The project.
        folder: Where the site is written.
        others: Folders of further projects.
        pictures: How many decisions are drawn at most.

    Returns:
        `tampered` where a ledger does not verify; the pages say so too.

    Raises:
        InvalidError: Two projects have one model's name, a project cannot be read, or another's folder.
        UnavailableError: A ledger does not answer; its page says so.
    """
    _require_ours(folder)
    projects = [project, *(open_project(each, "site", project.screen) for each in others)]
    names = [each.model for each in projects]
    if twice := next((each for each in names if names.count(each) > 1), None):
        raise InvalidError(f"Two projects call their model {twice!r}.", do="Name each once, or rename one.")
    made = _made(folder)
    before, drawn = dict(made), pictures
    models: list[Model] = []
    errors: list[GatesError] = []
    for each in projects:
        project.say(f"making the pages of {each.model}")
        known, drawn, error = _model(each, folder, made, drawn)
        models.append(known)
        errors += [error] if error else []
    files.write_bytes(folder / "index.html", site.index(models).encode())
    files.write_bytes(folder / MARK, b"")
    files.write_json(folder / MADE, {"format": FORMAT, "of": _maker(), "pages": made})
    new = sum(made[name] != before.get(name) for name in made)
    plain, old = (sum(each == state for each in made.values()) for state in (PLAIN, OLD))
    more = f"; {plain} have no pictures" if plain else ""
    more += f"; {old} are as another version drew them" if old else ""
    more += ": the same command draws more in this folder" if more and pictures else ""
    if unknown := next((each for each in errors if not isinstance(each, TamperedError)), None):
        raise unknown  # the pages tell it, and all that is known
    broken = "".join(f" Does not verify: {_why(each)}" for each in errors)
    things = f"{number(len(models))} model{'s' * (len(models) != 1)} with {number(len(made))} decisions"
    return Result(
        "tampered" if broken else "pass",
        f"{folder} holds {things}, {new} of them new{more}.{broken}",
        look="gates audit" if broken else "",
        details={
            "site": str(folder),
            "models": len(models),
            "decisions": len(made),
            "new": new,
            "plain": plain,
            "old": old,
        },
    )


def _model(
    project: Project, folder: Path, made: dict[str, str], pictures: int
) -> tuple[Model, int, GatesError | None]:
    """Write the pages of a model; return it, how many pictures may still be drawn, and what is wrong."""
    today = now().date()
    waivers = [
        Waived(each.gate, each.finding, each.owner, each.expires, each.reason)
        for each in project.policy.waivers
    ]
    known = Model(project.model, "", "", (), waivers, project.policy.sha256, "", verified=False, today=today)
    try:
        history = project.history()
    except GatesError as error:
        return _told(replace(known, state=_why(error)), folder), pictures, error
    moves: list[Move] = []
    broken: TamperedError | None = None
    for link in reversed(history.links):  # the newest are drawn first
        name = _page_of(project, link)
        try:
            if name and _stale(folder, name, made, pictures):
                made[name] = _write(project, history, link, folder / name, drawn=pictures > 0)
                pictures -= made[name] == DRAWN
        except TamperedError as error:
            name, broken = "", error
        moves.append(_move(link, name))
    champion = history.champion
    known = replace(
        known,
        champion=champion.version if champion else "",
        since=history.since or "",
        moves=moves[::-1],
        state=_why(broken) if broken else f"{len(history.links)} entries verify.",
        verified=broken is None,
    )
    return _told(known, folder), pictures, broken


def _told(known: Model, folder: Path) -> Model:
    """Write a model's page."""
    files.write_bytes(folder / known.name / "index.html", site.model(known).encode())
    return known


def _why(error: GatesError) -> str:
    return f"{error.what} {error.why}".strip()


def _page_of(project: Project, link: Link) -> str:
    """Return the page of an entry's own decision; none where it has none, as a rollback or a drill."""
    own = link.entry.kind in {"promote", "break-glass", "refuse"}
    return f"{project.model}/{link.entry.seq:08d}-{link.sha256[:12]}.html" if own else ""


def _stale(folder: Path, name: str, made: Mapping[str, str], pictures: int) -> bool:
    return not (folder / name).exists() or name not in made or (made[name] != DRAWN and pictures > 0)


def _write(project: Project, history: History, link: Link, path: Path, *, drawn: bool) -> str:
    """Write one decision's report, and return whether it has pictures.

    Raises:
        TamperedError: Its statement, or what is drawn, does not verify.
    """
    decision = serving.decision_of(project, link)
    exhibits = reports.kept(project, decision) if drawn else {}
    told = reports.of(history, decision, exhibits, link)
    page = report.html(replace(told, back="index.html", drawn=drawn))
    files.write_bytes(path, page.encode())
    return DRAWN if drawn else PLAIN


def _move(link: Link, page: str) -> Move:
    entry = link.entry
    named = entry.target.version if entry.target and entry.moves else ""
    address = page.rpartition("/")[2]
    return Move(entry.seq, entry.kind, entry.time, named, entry.actor, entry.reason, address)


def _require_ours(folder: Path) -> None:
    """Hold that nothing but a site lies in a folder, since an index is written over.

    Raises:
        InvalidError: Something else does.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise InvalidError(
            f"{folder} holds files that no site has left.",
            do="Name a folder of its own: gates site candidate/site",
        )


def _maker() -> str:
    """Return what says that pages would be made otherwise now: programs and templates."""
    return digest.of_document([FORMAT, __version__, version("matplotlib"), templates.sha256()])


def _made(folder: Path) -> dict[str, str]:
    """Return the pages of the run before that stay: those made the same way, and all that have pictures."""
    path = folder / MADE
    document: Document = {}
    if path.exists():
        with contextlib.suppress(InvalidError):  # then as if there were none
            document = read_json(path)
    pages = document.get("pages")
    if not isinstance(pages, dict):  # no record of ours: the pages themselves tell
        there = ((each.relative_to(folder).as_posix(), each.read_bytes()) for each in folder.glob("*/*.html"))
        return {name: OLD for name, page in there if PICTURE in page}
    if document.get("of") == _maker():
        return {name: state for name, state in pages.items() if state in {DRAWN, PLAIN, OLD}}
    return {name: OLD for name, state in pages.items() if state in {DRAWN, OLD}}
