"""Can this model be rebuilt, and is it what the records say?

Commit known and tree clean (but for the dvc.lock that this run wrote); code, parameters and data of every
stage as dvc.lock has them; raw data re-hashed; the MLflow run FINISHED, made from a clean tree of a commit
that this one contains, its tags there and equal; no golden row among the training rows. Fails when one of
these is not so. Undecided when there was nothing to look at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from gates import digest, stages
from gates.documents import Document, read_json
from gates.errors import InvalidError
from gates.policy_blocks import GatePolicy
from gates.tables import read_table
from gates.verdict import Finding, Measurements, at_least, at_most, enough

if TYPE_CHECKING:
    import pandas as pd

TAGS = {
    "data_sha256": "data_sha256",
    "dvc_data_md5": "data_md5",
    "dvc_remote": "remote",
    "model_sha": "model_sha",
}
NOTES = {
    "commit/known": "The run's commit is not in this repository; fetch it: git fetch --unshallow",
    "run/finished": "The run is not FINISHED; train again: gates train",
    "run/commit_contained": "The run was made at a commit that is no part of this one; train: gates train",
    "run/clean": "The run was made from a tree with uncommitted changes; commit, then: gates ship",
    "raw/tracked": "The raw data is not what its DVC pointer names; run: dvc checkout, or: dvc add",
    "train/unchanged": "The training table is not what the train job handed on.",
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
    """Return 1 for each thing that holds and 0 for each that does not, and counts of what is wrong.

    Raises:
        InvalidError: A file cannot be read, or is not the document or table that it should be.
    """
    git, run, training = read_json(inputs.git), read_json(inputs.run), read_json(inputs.training)
    lock_is_ours = digest.of_file(inputs.lock) == _field(training, "lock_sha256", str, inputs.training)
    uncommitted = _field(git, "dirty", list, inputs.git)
    dirty = [path for path in uncommitted if not (path == inputs.lock.name and lock_is_ours)]
    measurements: Measurements = {"commit/known": float(git.get("known") is True), "dirty": len(dirty)}
    measurements |= {f"dirty/{path}": 1 for path in dirty}
    train, features = read_table(inputs.train), read_table(inputs.features)
    tags = _field(run, "tags", dict, inputs.run)
    measurements |= _tags(tags, training, len(train))
    contained = tags.get("git_commit") in _field(git, "contains", list, inputs.git)
    measurements["run/commit_contained"] = float(contained)
    finished = run.get("status") == "FINISHED" and run.get("run_id") == training.get("run_id")
    measurements["run/finished"] = float(finished)
    measurements["train/unchanged"] = float(digest.of_file(inputs.train) == training.get("train_sha256"))
    measurements["raw/unchanged"] = float(digest.of_file(inputs.raw) == training.get("data_sha256"))
    measurements["raw/tracked"] = float(digest.md5_of_file(inputs.raw) == training.get("data_md5"))
    measurements |= _stages(inputs.lock, inputs.pipeline)
    return measurements | _overlap(train, features, inputs.key)


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:  # noqa: ARG001 - every gate's signature
    """Ask that everything holds; changed stages, dirty files and differing tags each get a finding."""
    yield at_most(
        "stages/changed", measurements.get("stages/changed"), 0, note=_named("changed/", measurements)
    )
    for each in ("rows", "keys"):
        unit = f"golden {each} in the training data"
        yield at_most(f"overlap/{each}", measurements.get(f"overlap/{each}"), 0, unit=unit)
    yield enough("stages", measurements.get("stages"), 1, unit="stages")
    for table in ("train", "golden"):
        yield enough(f"rows/{table}", measurements.get(f"rows/{table}"), 1)
    yield at_most("dirty", measurements.get("dirty"), 0, note=_dirty_note(measurements))
    for name, note in NOTES.items():
        holds = measurements.get(name)
        yield at_least(name, holds, 1, note="" if holds == 1 else note)
    for tag in (*TAGS, "train_rows", "train_range"):
        holds = measurements.get(f"tag/{tag}")
        note = f"The run's tag {tag} is missing or not this training's; see who edited it, then: gates train"
        yield at_least(f"tag/{tag}", holds, 1, note="" if holds == 1 else note)


def _tags(tags: Document, training: Document, rows: int) -> Measurements:
    measurements: Measurements = {
        "run/clean": float(tags.get("git_dirty") == "false"),
        "tag/train_rows": float(tags.get("train_rows") == str(rows)),
        "tag/train_range": float(bool(tags.get("train_range"))),
    }
    for tag, name in TAGS.items():
        measurements[f"tag/{tag}"] = float(tag in tags and tags[tag] == training.get(name))
    return measurements


def _stages(lock: Path, pipeline: Path) -> Measurements:
    """Compare every stage with dvc.lock: command, dependencies, parameters, outputs."""
    found = stages.compare(lock, pipeline)
    return {"stages": found.count, "stages/changed": len(found.changes)} | {
        f"changed/{each}": 1.0 for each in found.changes
    }


def _overlap(train: "pd.DataFrame", features: "pd.DataFrame", key: str) -> Measurements:
    """Count golden rows whose content, or whose key, stands in the training table."""
    shared = [column for column in features.columns if column in train.columns]
    if key not in shared or shared == [key]:
        raise InvalidError(f"Training table and golden features share {shared}, not {key!r} and more.")
    shared.remove(key)
    seen = set(_row_hashes(train[shared]))
    return {
        "rows/train": len(train),
        "rows/golden": len(features),
        "overlap/rows": sum(value in seen for value in _row_hashes(features[shared])),
        "overlap/keys": int(features[key].isin(train[key]).sum()),
    }


def _row_hashes(frame: "pd.DataFrame") -> list[int]:
    """Hash rows by value: what reads as a number as float64, all else as text, whatever the dtype.

    A missing value is no text, and so is an empty one: a CSV cannot tell them apart.
    """
    import numpy as np
    import pandas as pd

    plain: dict[str, np.ndarray[Any, Any]] = {}
    for place, (_, values) in enumerate(frame.items()):
        if values.dtype.kind in "iuf" and isinstance(values.dtype, np.dtype):
            number = values.to_numpy("float64")
        else:
            number = pd.to_numeric(values.to_numpy("object"), errors="coerce").astype("float64")
        text = np.zeros(len(frame), "uint64")
        worded = np.isnan(number) & values.notna().to_numpy()
        if worded.any():  # to write all out as text takes longer than the rest
            words = values[worded].astype("str").to_numpy("object")
            text[worded] = np.where(words == "", 0, pd.util.hash_array(words, categorize=False))
        plain |= {f"{place}/number": number, f"{place}/text": text}
    return [int(value) for value in pd.util.hash_pandas_object(pd.DataFrame(plain), index=False)]


def _named(prefix: str, measurements: Mapping[str, float]) -> str:
    names = sorted(key.removeprefix(prefix) for key in measurements if key.startswith(prefix))
    return f"Not as dvc.lock has it: {', '.join(names)}. Run: dvc repro" if names else ""


def _dirty_note(measurements: Mapping[str, float]) -> str:
    names = sorted(key.removeprefix("dirty/") for key in measurements if key.startswith("dirty/"))
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")  # noqa: PLR2004 - a line's worth
    return f"Uncommitted: {shown}. Commit or remove it; see it all: git status" if names else ""


def _field(document: Document, field: str, kind: type[Any], path: Path) -> Any:  # noqa: ANN401 - of that kind
    value = document.get(field)
    if not isinstance(value, kind):
        what = f"{path} has no {field!r} that is a {kind.__name__}."
        raise InvalidError(what, do="Write it again: gates ship")
    return value
