"""`gates site`: a folder of pages about every model, from its ledger and today's waivers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gates.adapters import files, workers
from gates.errors import GatesError, InvalidError, TamperedError
from gates.render import site
from gates.render.sentences import number
from gates.render.site import Model
from gates.run.project import Project, open_project
from gates.run.result import Result
from gates.run.site import pages, record
from gates.run.site.pages import PLAIN, Made, Task
from gates.run.site.record import OLD


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
    record.require_ours(folder)
    roots = _roots(project, others)
    before = record.read(folder)
    there, errors = dict(before), dict[str, GatesError]()
    models = dict[Path, Model]()
    with workers.hired(len(roots)) as each:
        tasks = [Task(root, folder, frozenset(before)) for root in roots]
        for task, (known, made) in zip(tasks, each(pages.write, tasks), strict=True):
            project.say(f"the pages of {known.name} are made")
            models[task.root] = known
            _add(made, known.name, there, errors)
        tasks = _to_draw(folder, models, there, pictures)
        for task, made in zip(tasks, each(pages.draw, tasks), strict=True):
            project.say(f"the pictures of {models[task.root].name} are drawn")
            _add(made, models[task.root].name, there, errors)
    _write_index(folder, [_told(known, errors.get(known.name)) for known in models.values()])
    record.write(folder, there)
    for error in errors.values():
        if not isinstance(error, TamperedError):
            raise error  # the pages tell it, and all that is known
    new = sum(there[name] != before.get(name) for name in there)
    return _answer(folder, len(models), there, new, errors.values(), more=pictures > 0)


def _roots(project: Project, others: Sequence[Path]) -> list[Path]:
    """Return the folders of the projects.

    Raises:
        InvalidError: Two have one model's name, or one cannot be read.
    """
    projects = [project, *(open_project(each, "site", project.screen) for each in others)]
    names = [each.model for each in projects]
    if twice := next((each for each in names if names.count(each) > 1), None):
        raise InvalidError(f"Two projects call their model {twice!r}.", do="Name each once, or rename one.")
    return [each.root for each in projects]


def _add(made: Made, model: str, there: dict[str, str], errors: dict[str, GatesError]) -> None:
    there |= made.pages
    if made.error is not None:
        errors[model] = made.error


def _to_draw(
    folder: Path, models: Mapping[Path, Model], there: Mapping[str, str], pictures: int
) -> list[Task]:
    """Return the newest decisions of all models that have no pictures of ours, so many at most."""
    without = sorted(
        (
            (move.time, f"{known.name}/{move.page}", root)
            for root, known in models.items()
            for move in known.moves
            if there.get(f"{known.name}/{move.page}") in {PLAIN, OLD}
        ),
        reverse=True,
    )[:pictures]
    chosen = {root: frozenset(page for _, page, of in without if of == root) for root in models}
    return [Task(root, folder, names) for root, names in chosen.items() if names]


def _write_index(folder: Path, models: Sequence[Model]) -> None:
    """Write the page of all models, and each one's own."""
    for known in models:
        files.write_bytes(folder / known.name / "index.html", site.model(known).encode())
    files.write_bytes(folder / "index.html", site.index(models).encode())


def _told(known: Model, error: GatesError | None) -> Model:
    """Return a model with what is wrong about it."""
    return known if error is None else replace(known, state=_why(error), verified=False)


def _why(error: GatesError) -> str:
    return f"{error.what} {error.why}".strip()


def _answer(
    folder: Path, models: int, there: Mapping[str, str], new: int, errors: Iterable[GatesError], *, more: bool
) -> Result:
    plain, old = (sum(each == how for each in there.values()) for how in (PLAIN, OLD))
    left = f"; {plain} have no pictures" if plain else ""
    left += f"; {old} are as another version drew them" if old else ""
    left += ": the same command draws more in this folder" if left and more else ""
    broken = "".join(f" Does not verify: {_why(each)}" for each in errors)
    things = f"{number(models)} model{'s' * (models != 1)} with {number(len(there))} decisions"
    return Result(
        "tampered" if broken else "pass",
        f"{folder} holds {things}, {new} of them new{left}.{broken}",
        look="gates audit" if broken else "",
        details={
            "site": str(folder),
            "models": models,
            "decisions": len(there),
            "new": new,
            "plain": plain,
            "old": old,
        },
    )
