"""Can this model be rebuilt, and is it what the records say?

Commit known and tree clean (but for the dvc.lock that this run wrote); code, parameters and data of every
stage as dvc.lock has them; raw data re-hashed; the MLflow run FINISHED, made from a clean tree of a commit
that this one contains, its tags there and equal; no golden row among the training rows. Fails when one of
these is not so. Undecided when there was nothing to look at.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from gates import digest
from gates.documents import Document, read_json, read_yaml
from gates.errors import InvalidError
from gates.paths import require_plain, walk
from gates.policy import GatePolicy
from gates.tables import read_table
from gates.verdict import Finding, Measurements, at_least, at_most

if TYPE_CHECKING:
    import pandas as pd

TAGS = {
    "data_sha256": "data_sha256",
    "dvc_data_md5": "data_md5",
    "dvc_remote": "remote",
    "model_sha": "model_sha",
}
NOTES = {
    "commit/known": "The commit is not in this repository; fetch it: git fetch --unshallow",
    "run/finished": "The run is not FINISHED; train again: gates train",
    "run/commit_contained": "The run was made at a commit that is no part of this one; train: gates train",
    "run/clean": "The run was made from a tree with uncommitted changes; commit, then: gates ship",
    "raw/tracked": "The raw data is not what its DVC pointer names; run: dvc checkout, or: dvc add",
    "raw/unchanged": "The raw data is not what was hashed when the job pulled it.",
}


class Policy(GatePolicy):
    """Nothing to set but the mode: lineage holds or it does not."""


@dataclass(frozen=True)
class Inputs:
    """Facts that the jobs collected, and the files that they must fit."""

    git: Annotated[Path, "facts about the commit and the tree: candidate/git.json"]
    run: Annotated[Path, "facts about the MLflow run: candidate/run.json"]
    training: Annotated[Path, "what the train job handed on: candidate/train.json"]
    lock: Annotated[Path, "dvc.lock as this training left it"]
    pipeline: Annotated[Path, "dvc.yaml"]
    raw: Annotated[Path, "the raw table"]
    train: Annotated[Path, "the training table"]
    features: Annotated[Path, "the golden features"]
    key: Annotated[str, "column that names a row"]


def measure(inputs: Inputs) -> Measurements:
    """Return 1 for each thing that holds and 0 for each that does not, and counts of what is wrong."""
    git, run, training = read_json(inputs.git), read_json(inputs.run), read_json(inputs.training)
    lock_is_ours = digest.of_file(inputs.lock) == _text(training, "lock_sha256", inputs.training)
    dirty = [path for path in git.get("dirty", []) if not (path == inputs.lock.name and lock_is_ours)]
    measurements: Measurements = {"commit/known": float(git.get("known") is True), "dirty": len(dirty)}
    measurements |= {f"dirty/{path}": 1 for path in dirty}
    measurements |= _run(git, run, training)
    measurements["raw/unchanged"] = float(digest.of_file(inputs.raw) == training.get("data_sha256"))
    measurements["raw/tracked"] = float(digest.md5_of_file(inputs.raw) == training.get("data_md5"))
    measurements |= _stages(inputs.lock, inputs.pipeline)
    return measurements | _overlap(read_table(inputs.train), read_table(inputs.features), inputs.key)


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:  # noqa: ARG001 - every gate's signature
    """Ask that everything holds; changed stages, dirty files and differing tags each get a finding."""
    yield at_most(
        "stages/changed", measurements.get("stages/changed"), 0, note=_named("changed/", measurements)
    )
    yield at_most(
        "overlap/rows", measurements.get("overlap/rows"), 0, unit="golden rows in the training data"
    )
    yield at_most(
        "overlap/keys", measurements.get("overlap/keys"), 0, unit="golden keys in the training data"
    )
    yield at_most("dirty", measurements.get("dirty"), 0, note=_dirty_note(measurements))
    for name, note in NOTES.items():
        holds = measurements.get(name)
        yield at_least(name, holds, 1, note="" if holds == 1 else note)
    for tag in (*TAGS, "rows"):
        holds = measurements.get(f"tag/{tag}")
        note = f"The run's tag {tag} is missing or not this training's; see who edited it, then: gates train"
        yield at_least(f"tag/{tag}", holds, 1, note="" if holds == 1 else note)


def _run(git: Document, run: Document, training: Document) -> Measurements:
    tags = run.get("tags", {})
    measurements: Measurements = {
        "run/finished": float(
            run.get("status") == "FINISHED" and run.get("run_id") == training.get("run_id")
        ),
        "run/commit_contained": float("git_commit" in tags and tags["git_commit"] in git.get("contains", [])),
        "run/clean": float(tags.get("git_dirty") == "false"),
        "tag/rows": float(bool(tags.get("train_rows"))),
    }
    for tag, name in TAGS.items():
        measurements[f"tag/{tag}"] = float(tag in tags and tags[tag] == training.get(name))
    return measurements


def _stages(lock: Path, pipeline: Path) -> Measurements:
    """Compare every stage with dvc.lock: command, dependencies, parameters, outputs."""
    locked, declared = read_yaml(lock).get("stages", {}), read_yaml(pipeline).get("stages", {})
    if not isinstance(locked, dict) or not isinstance(declared, dict):
        raise InvalidError(f"{lock} or {pipeline} has no stages.", do="Write them again: dvc repro")
    changed: set[str] = set()
    for stage, recorded in locked.items():
        changed |= {f"{stage}/{what}" for what in _file_and_param_changes(lock.parent, recorded)}
    for stage, definition in declared.items():
        # DVC unfolds templates; what they stand for is compared through the files and parameters above.
        if not any(mark in json.dumps(definition) for mark in ("${", '"foreach"', '"matrix"')):
            changed |= {f"{stage}/{what}" for what in _definition_changes(locked.get(stage), definition)}
    return {"stages": len(locked), "stages/changed": len(changed)} | {
        f"changed/{each}": 1.0 for each in changed
    }


def _file_and_param_changes(root: Path, recorded: Document) -> Iterator[str]:
    for file in [*recorded.get("deps", []), *recorded.get("outs", [])]:
        if _md5(root / require_plain(file["path"])) != file.get("md5"):
            yield file["path"]
    for name, values in recorded.get("params", {}).items():
        current = read_yaml(root / require_plain(name))
        yield from (f"{name}:{key}" for key, value in values.items() if _at(current, key) != value)


def _definition_changes(recorded: Document | None, definition: Document) -> Iterator[str]:
    if recorded is None:
        yield "not in dvc.lock"
        return
    if recorded.get("cmd") != definition.get("cmd"):
        yield "cmd"
    known = {file["path"] for kind in ("deps", "outs") for file in recorded.get(kind, [])}
    for kind in ("deps", "outs", "metrics", "plots"):
        names = {next(iter(each)) if isinstance(each, dict) else each for each in definition.get(kind, [])}
        yield from (f"{name} (not in dvc.lock)" for name in sorted(names - known))


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


def _overlap(train: "pd.DataFrame", features: "pd.DataFrame", key: str) -> Measurements:
    """Count golden rows whose content, or whose key, stands in the training table."""
    shared = [column for column in features.columns if column in train.columns and column != key]
    if not shared or key not in features.columns or key not in train.columns:
        raise InvalidError(
            f"The training table and the golden features share no column beside {key!r}.", do="dvc repro"
        )
    seen = set(_row_hashes(train[shared]))
    return {
        "overlap/rows": sum(value in seen for value in _row_hashes(features[shared])),
        "overlap/keys": int(features[key].isin(train[key]).sum()),
    }


def _row_hashes(frame: "pd.DataFrame") -> list[int]:
    """Hash rows by value: numbers as float64 and all else as text, so that a changed dtype hides nothing."""
    import pandas as pd

    plain = {
        column: values.astype("float64") if pd.api.types.is_numeric_dtype(values) else values.astype("str")
        for column, values in frame.items()
    }
    return [int(value) for value in pd.util.hash_pandas_object(pd.DataFrame(plain), index=False)]


def _named(prefix: str, measurements: Mapping[str, float]) -> str:
    names = sorted(key.removeprefix(prefix) for key in measurements if key.startswith(prefix))
    return f"Not as dvc.lock has it: {', '.join(names)}. Run: dvc repro" if names else ""


def _dirty_note(measurements: Mapping[str, float]) -> str:
    names = sorted(key.removeprefix("dirty/") for key in measurements if key.startswith("dirty/"))
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")  # noqa: PLR2004 - a line's worth
    return f"Uncommitted: {shown}. Commit it: git add -A && git commit" if names else ""


def _text(document: Document, field: str, path: Path) -> str:
    value = document.get(field)
    if not isinstance(value, str):
        raise InvalidError(f"{path} has no text {field!r}.", do="Train again: gates train")
    return value
