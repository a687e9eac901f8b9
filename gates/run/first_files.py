"""The files that `gates init` starts a project with, rendered from what it found out.

The golden set is dealt once, by the very stages that are written, in a scratch folder: so its digests can be
pinned and its contract inferred before DVC has run, and `dvc repro` makes the same bytes again.
"""

import json
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gates import __version__, digest
from gates.adapters import process, starter
from gates.errors import InvalidError
from gates.render.contract import contract, plain
from gates.run.survey import BINARY, Label
from gates.run.trainer import Trainer
from gates.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

WORKFLOWS = ".github/workflows"
CALLERS = ("ship", "review", "rollback")
STAGES = ("ingest", "split", "train")
GOLDEN_SHARE = 0.3
LEAST_GOLDEN = 20  # rows of the smaller class; fewer decide nothing
ENOUGH_GOLDEN = 200
GOLDEN = {"features_sha256": "data/golden/features.parquet", "labels_sha256": "data/golden/labels.parquet"}


@dataclass(frozen=True)
class Found:
    """What the files are written from.

    Attributes:
        raw: Path of the raw table, relative to the project.
        key: The column that names a row.
        label: The column to predict.
        model: The model's registered name.
        groups: Columns whose values are groups of people.
        meaning: The task, and what the label's values mean.
        trainer: The user's function that trains.
    """

    raw: str
    key: str
    label: str
    model: str
    groups: tuple[str, ...]
    meaning: Label
    trainer: Trainer


@dataclass(frozen=True)
class Golden:
    """What is known of the golden set.

    Attributes:
        pins: The digests of its two files.
        rows: How many rows decide: of the smaller class, where there are classes.
        spread: Standard deviation of the label, which is the RMSE of always answering the mean.
        largest: Share of the most frequent label, which is the accuracy of always answering that.
    """

    pins: dict[str, str]
    rows: int
    spread: float
    largest: float


UNKNOWN = Golden(dict.fromkeys(GOLDEN, ""), 0, 0.0, 0.0)


def place(root: Path, name: str) -> Path:
    """Return where a file belongs: workflows in the repository's folder, all else in the project's."""
    return (repository(root) if name.startswith(WORKFLOWS) else root) / name


def repository(root: Path) -> Path:
    """Return the folder of the git repository that a project lies in; its own where there is none."""
    return next((each for each in (root, *root.parents) if (each / ".git").exists()), root)


def texts(root: Path, found: Found, table: "pd.DataFrame", log: Path) -> dict[str, str]:
    """Return path to text of every file, relative to the project; workflows, to the repository.

    Raises:
        InvalidError: The table is too small for a golden set.
    """
    values = _values(found)
    stages = {f"stages/{name}.py": starter.text(f"{name}.py", values) for name in STAGES}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        _deal(
            root,
            scratch,
            {**stages, "params.yaml": _params(found, UNKNOWN)},
            found.raw,
            log,
        )
        clean = read_table(scratch / "data/clean.parquet")
        golden = _golden(scratch, found)
    features = clean.drop(columns=found.label)
    return {
        "params.yaml": _params(found, golden),
        "dvc.yaml": starter.text("dvc.yaml", values),
        **stages,
        "contracts/raw.yaml": contract(f"What {found.raw} promises.", table, found.key),
        "contracts/train.yaml": contract("What data/train.parquet promises.", clean, found.key),
        "contracts/golden.yaml": contract(f"What {GOLDEN['features_sha256']} promises.", features, found.key),
        "tests/latency/test_latency.py": starter.text("test_latency.py", values),
        "tests/latency/conftest.py": starter.text("conftest.py", values),
        ".dvc/config": starter.text("dvc_config", values),
        ".dvc/.gitignore": starter.text("dvc_gitignore", values),
        ".dvcignore": starter.text("dvcignore", values),
        ".gitignore": starter.text("gitignore", values),
        **_workflows(root, values),
    }


def _values(found: Found) -> dict[str, object]:
    """Return what the templates name; texts of the data in the form in which YAML reads them back."""
    maker, binary, classes = found.trainer, found.meaning.task == BINARY, found.meaning.classes
    return {
        "model": found.model,
        "raw": plain(found.raw),
        # By its name: DVC passes by a folder of whose content all is ignored, pointers too.
        "ignored": found.raw,
        "key": plain(found.key),
        "label": plain(found.label),
        "module": maker.module,
        "function": maker.function,
        "imported": maker.function if maker.function == "fit" else f"{maker.function} as fit",
        "trainer": maker.path,
        "predict": "predict_proba" if classes else "predict",
        "shape": f"[-1, {len(classes)}]" if classes else "[-1]",
        "ingest_params": _listed("ingest", ["positive"] if binary else []),
        "train_params": _listed("train", list(maker.params)),
        "ingest_block": _block("ingest", {"positive": found.meaning.positive} if binary else {}),
        "train_block": _block("train", maker.params),
        "favourable": json.dumps(classes[-1], ensure_ascii=False) if classes else "",
        "task": "" if binary else f"\n  task: {found.meaning.task}",
        "golden_share": GOLDEN_SHARE,
        "made": datetime.now(UTC).date(),
        "major": f"v{__version__.partition('.')[0]}",
    }


def _listed(block: str, names: list[str]) -> str:
    """Return a stage's parameters as dvc.yaml lists them, below those that stand there."""
    return "".join(f"\n      - {block}.{name}" for name in names)


def _block(block: str, values: Mapping[str, Any]) -> str:
    """Return a stage's parameters as a block of params.yaml; nothing where it has none."""
    lines = [f"  {plain(name)}: {_scalar(value)}\n" for name, value in values.items()]
    return "".join([f"\n{block}:\n", *lines]) if lines else ""


def _scalar(value: Any) -> str:  # noqa: ANN401 - a text, a number, or true or false
    """Return a value as YAML reads it back; by PyYAML, which the stages use, `1e-05` were a text."""
    return re.sub(r"^(-?\d+)e", r"\1.0e", json.dumps(value, ensure_ascii=False))


def _params(found: Found, golden: Golden) -> str:
    values = {
        **_values(found),
        "rows": golden.rows,
        "min_rows": min(ENOUGH_GOLDEN, golden.rows),
        "spread": golden.spread,
        "largest": golden.largest,
        "groups": json.dumps(list(found.groups), ensure_ascii=False),
    }
    task, fairness = found.meaning.task, "fairness" if found.groups else "no_fairness"
    parts = {
        "judged": starter.text(f"judged_{task}", values).rstrip(),
        "fairness": starter.text(f"{fairness}_{task}", values).rstrip(),
    }
    return starter.text("params.yaml", {**values, **golden.pins, **parts})


def _deal(root: Path, scratch: Path, written: dict[str, str], raw: str, log: Path) -> None:
    """Run the stages before the training in a scratch folder.

    Raises:
        InvalidError: One of them failed.
    """
    (scratch / raw).parent.mkdir(parents=True)
    (scratch / raw).symlink_to(root / raw)
    for name, text in written.items():
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).write_text(text, encoding="utf-8")
    for stage in STAGES[:2]:
        ended = process.run([sys.executable, "-m", f"stages.{stage}"], cwd=scratch, log=log)
        if ended.code:
            raise InvalidError(
                f"The stage {stage} does not run on {raw}.",
                why=" | ".join(ended.tail[-2:]),
                do=f"Look at {log}",
            )


def _golden(scratch: Path, found: Found) -> Golden:
    """Look at the golden set that was dealt.

    Raises:
        InvalidError: They are too few to decide anything.
    """
    labels = read_table(scratch / GOLDEN["labels_sha256"])[found.label]
    classes = found.meaning.classes
    counts = labels.value_counts()
    rows = (int(counts.min()) if len(counts) == len(classes) else 0) if classes else len(labels)
    if rows < LEAST_GOLDEN:
        which = " of the smallest class" if classes else ""
        raise InvalidError(
            f"--data {found.raw}: the golden set would hold {rows} rows{which}.",
            why=f"Fewer than {LEAST_GOLDEN} decide nothing; {GOLDEN_SHARE:.0%} of all rows become golden.",
            do="Name a table with more rows" + (", or write rare classes as one." if classes else "."),
        )
    pins = {name: digest.of_file(scratch / path) for name, path in GOLDEN.items()}
    spread = 0.0 if classes else float(f"{labels.std(ddof=0):.4g}")
    return Golden(pins, rows, spread, float(f"{counts.max() / len(labels):.2g}"))


def _workflows(root: Path, values: dict[str, object]) -> dict[str, str]:
    """Return the callers of our workflows; a project below its repository's folder has its own."""
    below = root.relative_to(repository(root)).as_posix()
    given = "" if below == "." else f"\n      working-directory: {plain(below)}"
    directory = {"directory": given, "directory_alone": given and f"\n    with:{given}"}
    own = "" if below == "." else re.sub(r"[^\w.-]+", "-", below)  # two folders of one name are two models
    called = {"called": own and f" {own}"}
    return {
        f"{WORKFLOWS}/{name}{own and f'-{own}'}.yml": starter.text(
            f"{name}.yml", {**values, **directory, **called}
        )
        for name in CALLERS
    }
