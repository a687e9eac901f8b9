"""Whether dvc.lock says what the stages are now: command, dependencies, parameters, outputs."""

import hashlib
import json
import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates import digest
from gates.documents import Document, read_yaml
from gates.errors import InvalidError
from gates.paths import require_plain, walk


@dataclass(frozen=True)
class Compared:
    """How many stages dvc.lock has, and what is not as it says, each as ``stage/what``."""

    count: int
    changes: frozenset[str]

    @property
    def stages(self) -> list[str]:
        """The names of the stages that changed."""
        return sorted({each.partition("/")[0] for each in self.changes})


def compare(lock: Path, pipeline: Path, *, committed: bool = False) -> Compared:
    """Compare every stage with dvc.lock.

    Args:
        lock: dvc.lock.
        pipeline: dvc.yaml.
        committed: Look at what git keeps alone: of data its pointer, and nothing that a stage makes.

    Raises:
        InvalidError: One of them cannot be read, or is not what DVC writes.
    """
    locked, declared = (_stages(path) for path in (lock, pipeline))
    try:
        made = {file["path"] for stage in locked.values() for file in stage.get("outs", [])}
        files = _Files(lock.parent, frozenset(made) if committed else None)
        return Compared(len(locked), frozenset(_changes(files, locked, declared)))
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        what = f"{lock} or {pipeline} describes stages as DVC does not"
        raise InvalidError(f"{what} ({type(error).__name__}: {error}).", do="dvc repro") from error


@dataclass(frozen=True)
class Stage:
    """A stage as dvc.lock has it: what it runs and where, and the paths of what it reads and makes."""

    name: str
    commands: tuple[str, ...]
    folder: str
    deps: frozenset[str]
    outs: frozenset[str]

    def reads(self, files: Collection[str]) -> bool:
        """Return whether it reads one of some files or folders, or a file in one."""
        return any(dep == each or dep.startswith(f"{each}/") for dep in self.deps for each in files)


def downstream(lock: Path, pipeline: Path, changed: Collection[str]) -> list[Stage]:
    """Return the stages that read what was changed, or what such a stage makes, in an order to run them in.

    Raises:
        InvalidError: As for `compare`, or they depend on each other in a circle.
    """
    affected, files = set[Stage](), {*changed}
    every = _in_full(lock, pipeline)
    while more := {each for each in every if each.reads(files)} - affected:
        affected |= more
        files |= {out for each in more for out in each.outs}
    ordered: list[Stage] = []
    while left := [each for each in every if each in affected and each not in ordered]:
        ready = [each for each in left if not any(each.reads(other.outs) for other in left)]
        if not ready:
            raise InvalidError(f"{lock} has stages that wait for each other.", do="dvc repro")
        ordered += ready
    return ordered


def _in_full(lock: Path, pipeline: Path) -> list[Stage]:
    locked, declared = (_stages(path) for path in (lock, pipeline))
    found = []
    for name, recorded in locked.items():
        command = recorded.get("cmd", [])
        deps, outs = (
            frozenset(place for place, _ in _recorded(lock, {name: {kind: recorded.get(kind, [])}}, declared))
            for kind in ("deps", "outs")
        )
        commands = (command,) if isinstance(command, str) else tuple(map(str, command))
        found.append(Stage(name, commands, _folder(name, declared), deps, outs))
    return found


def _folder(stage: str, declared: Document) -> str:
    """Return the folder in which a stage runs, from the project's."""
    body: Any = declared.get(stage, declared.get(stage.rpartition("@")[0], {}))
    return str(body.get("do", body).get("wdir", "."))


def files(lock: Path, pipeline: Path) -> list[str]:
    """Return the files and folders that dvc.lock names, sorted, as paths from its folder.

    Raises:
        InvalidError: As for `compare`.
    """
    locked, declared = (_stages(path) for path in (lock, pipeline))
    return sorted({name for name, _ in _recorded(lock, locked, declared)})


def fitted(lock: Path, pipeline: Path) -> Document:
    """Return dvc.lock as it would be if the stages had read and made what is here now.

    Raises:
        InvalidError: As for `compare`.
    """
    document, declared = read_yaml(lock), _stages(pipeline)
    for name, recorded in _recorded(lock, document.get("stages", {}), declared):
        if (found := _md5(lock.parent / require_plain(name))) is not None:
            recorded["md5"] = found  # the size beside it is compared by nobody
    return document


def _recorded(lock: Path, locked: Document, declared: Document) -> Iterator[tuple[str, Document]]:
    """Yield every dependency and output that is recorded, with its path from the project."""
    try:
        for stage, recorded in locked.items():
            folder = _folder(stage, declared)
            for file in [*recorded.get("deps", []), *recorded.get("outs", [])]:
                yield posixpath.normpath(posixpath.join(folder, file["path"])), file
    except (AttributeError, KeyError, TypeError) as error:
        what = f"{lock} describes stages as DVC does not ({type(error).__name__}: {error})."
        raise InvalidError(what, do="dvc repro") from error


def _stages(path: Path) -> Document:
    value = read_yaml(path).get("stages")
    if not isinstance(value, dict):
        raise InvalidError(f"{path} has no 'stages' that is a dict.", do="Write it again: gates ship")
    return value


@dataclass(frozen=True)
class _Files:
    """The files of a project: all of them, or those that git keeps, without what the stages made."""

    root: Path
    made: frozenset[str] | None

    def differ(self, name: str, recorded: Document) -> bool:
        path, md5 = self.root / require_plain(name), recorded.get("md5")
        if self.made is None:
            found = _md5(path)
            return found is None or found != md5
        if recorded["path"] in self.made:
            return False
        pointer = path.with_name(f"{path.name}.dvc")
        found = str(read_yaml(pointer)["outs"][0]["md5"]) if pointer.exists() else _md5(path)
        return found is not None and found != md5


def _changes(files: _Files, locked: Document, declared: Document) -> Iterator[str]:
    for stage, definition in declared.items():
        # DVC unfolds `foreach` and `matrix` of a stage into stages named stage@item.
        unfolded = [name for name in locked if name == stage or name.startswith(f"{stage}@")]
        if not unfolded:
            yield f"{stage}/not in dvc.lock"
        body = definition.get("do", definition)
        for name in unfolded:
            folder = str(body.get("wdir", "."))
            yield from (f"{name}/{what}" for what in _file_and_param_changes(files, folder, locked[name]))
            yield from (f"{name}/{what}" for what in _definition_changes(locked[name], body))
    known = declared.keys()
    yield from (f"{name}/not in dvc.yaml" for name in locked if not known & {name, name.rpartition("@")[0]})


def _file_and_param_changes(files: _Files, folder: str, recorded: Document) -> Iterator[str]:
    def place(path: str) -> str:
        return posixpath.normpath(posixpath.join(folder, path))

    for file in [*recorded.get("deps", []), *recorded.get("outs", [])]:
        if files.differ(place(file["path"]), file):
            yield file["path"]
    for name, values in recorded.get("params", {}).items():
        current = read_yaml(files.root / require_plain(place(name)))
        yield from (f"{name}:{key}" for key, value in values.items() if _at(current, key) != value)


def _definition_changes(recorded: Document, definition: Document) -> Iterator[str]:
    if not _fits(definition.get("cmd"), recorded.get("cmd")):
        yield "cmd"
    known = [file["path"] for kind in ("deps", "outs") for file in recorded.get(kind, [])]
    for kind in ("deps", "outs", "metrics", "plots"):
        listed = definition.get(kind, [])
        names = {name for each in listed for name in (each if isinstance(each, dict) else [each])}
        missing = [name for name in sorted(names) if not any(_fits(name, path) for path in known)]
        yield from (f"{name} (not in dvc.lock)" for name in missing)
    for each in definition.get("params", []):
        for file, keys in each.items() if isinstance(each, dict) else [("params.yaml", [each])]:
            read = recorded.get("params", {}).get(file, {})
            missing = [key for key in keys or [] if not any(_fits(key, name) for name in read)]
            yield from (f"{file}:{key} (not in dvc.lock)" for key in missing)


def _fits(template: Any, text: Any) -> bool:  # noqa: ANN401 - a command may be text or a list of texts
    """Return whether dvc.lock's text is the template's, whatever DVC put in place of each `${…}`."""
    if isinstance(template, list) and isinstance(text, list):
        return len(template) == len(text) and all(map(_fits, template, text))
    if not isinstance(template, str) or not isinstance(text, str):
        return bool(template == text)
    pattern = ".*".join(map(re.escape, re.split(r"\$\{[^}]*\}", template)))
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def _md5(path: Path) -> str | None:
    """Return what dvc.lock would hold for a file or folder; None where it is absent."""
    if not path.is_dir():
        return digest.md5_of_file(path) if path.is_file() else None
    files = [{"md5": digest.md5_of_file(file), "relpath": name} for name, file in walk(path).items()]
    return hashlib.md5(json.dumps(files, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def _at(document: Any, key: str) -> Any:  # noqa: ANN401 - a parameter may be anything
    """Return the value at a dotted key; None where there is none."""
    for step in key.split("."):
        if not isinstance(document, dict) or step not in document:
            return None
        document = document[step]
    return document
