"""What a defect is planted in: the artefacts of one judged candidate, and how a changed one is written."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import yaml

from gates.digest import canonical_json
from gates.documents import Document, read_json, read_yaml
from gates.golden_rows import OF_CLASS
from gates.policy import Policy
from gates.policy_values import Task
from gates.statement import Decision
from gates.tables import read_table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SEED = 20_260_103
PARAMS, PIPELINE, LOCK = "params.yaml", "dvc.yaml", "dvc.lock"
GIT, RUN, SERVING = "candidate/git.json", "candidate/run.json", "candidate/serving.json"
LATENCY, BEHAVIOUR = "candidate/latency.json", "candidate/behaviour.xml"
STATEMENT = "evidence/statement.json"
WAIVED = "the gate of the waiver"

Changes: TypeAlias = Mapping[str, bytes]
"""Path from the project to the new content of each file that a defect changes."""


class NotApplicableError(Exception):
    """There is nothing in this project that the defect could be planted in; its text says why."""


@dataclass(frozen=True)
class Case:
    """A judged candidate in a folder: what its jobs left, what was decided, and the policy.

    Attributes:
        root: The folder.
        policy: Its policy.
        decision: What was decided about the candidate.
        today: The day.
    """

    root: Path
    policy: Policy
    decision: Decision
    today: date

    @property
    def task(self) -> Task:
        """What the model does."""
        return self.policy.project.task

    @property
    def key(self) -> str:
        """The column that names a row."""
        return self.policy.project.data.key

    @property
    def label(self) -> str:
        """The column of the label."""
        return self.policy.project.data.label

    def place(self, table: str) -> str:
        """Return the path of raw, train, features, labels or predictions, from the project."""
        shared = self.policy.project
        return {
            "raw": shared.data.raw,
            "train": shared.data.train,
            "features": shared.golden_set.features,
            "labels": shared.golden_set.labels,
            "predictions": "candidate/predictions.parquet",
        }[table]

    def table(self, name: str) -> "pd.DataFrame":
        """Return a table by its name.

        Raises:
            InvalidError: It cannot be read.
        """
        return read_table(self.root / self.place(name))

    def with_table(self, name: str, table: "pd.DataFrame") -> Changes:
        """Return the change that puts a table in the place of another, in the form of that file."""
        place = self.place(name)
        if place.endswith(".parquet"):
            buffer = io.BytesIO()
            table.to_parquet(buffer, index=False)
            return {place: buffer.getvalue()}
        return {place: table.to_csv(index=False).encode()}

    def written_anew(self, name: str) -> Changes:
        """Return the change that writes a table again as it is, in bytes that are others."""
        table, place = self.table(name), self.place(name)
        if place.endswith(".parquet"):
            buffer = io.BytesIO()
            table.to_parquet(buffer, index=False, compression="gzip")
            return {place: buffer.getvalue()}
        return {place: table.to_csv(index=False, lineterminator="\r\n").encode()}

    def document(self, name: str) -> Document:
        """Return a JSON or YAML file of the project.

        Raises:
            InvalidError: It cannot be read.
        """
        path = self.root / name
        return read_json(path) if path.suffix == ".json" else read_yaml(path)

    def with_document(self, name: str, document: Document) -> Changes:
        """Return the change that writes a JSON or YAML file anew."""
        if name.endswith(".json"):
            return {name: canonical_json(document)}
        return {name: yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()}

    def edited(self, name: str, edit: Callable[[Document], object]) -> Changes:
        """Return the change that lets a function edit a JSON or YAML file."""
        document = json.loads(json.dumps(self.document(name)))  # without YAML's shared parts
        edit(document)
        return self.with_document(name, document)

    def setting(self, address: str, value: object) -> Changes:
        """Return the change that sets a parameter, such as ``gates.latency.p99_ms``."""
        *steps, last = address.split(".")

        def edit(document: Document) -> None:
            place = document
            for step in steps:
                place = place[step]
            place[last] = value

        return self.edited(PARAMS, edit)

    @property
    def waived(self) -> tuple[str, ...]:
        """The blocking gates of which a finding is waived."""
        blocking = [each for each in self.decision.verdicts if each.mode == "block"]
        return tuple(each.gate for each in blocking if any(finding.waiver for finding in each.findings))

    def answers(self, table: "pd.DataFrame", model: str = "challenger") -> list[str]:
        """Return the columns of the predictions that hold a model's answers.

        Raises:
            NotApplicableError: There are none.
        """
        found = [str(each) for each in table.columns if str(each).partition(OF_CLASS)[0] == model]
        if not found:
            raise NotApplicableError(f"there are no scores of a {model}")
        return found

    def scored(self, answers: Path) -> Changes:
        """Return the change that puts a table of key and answers in the place of the challenger's scores.

        Raises:
            InvalidError: It cannot be read, or is not about the same rows.
        """
        table = self.table("predictions")
        others = table.drop(columns=self.answers(table)).set_index(self.key)
        joined = read_table(answers).set_index(self.key).join(others, how="outer")
        return self.with_table("predictions", joined.reset_index())

    def require_task(self, *tasks: Task) -> None:
        """Say that the defect is one of other tasks, where it is.

        Raises:
            NotApplicableError: It is.
        """
        if self.task not in tasks:
            raise NotApplicableError(
                f"it is a defect of a {' or '.join(tasks)} model, and this is a {self.task}"
            )


@dataclass(frozen=True)
class Defect:
    """One defect.

    Attributes:
        name: What it is called.
        planted: What is done to the copy, one sentence.
        expected: Who is to catch it, each of them enough: gates, or ``hand-over``, ``judge``, ``policy`` and
            ``promote``, which hold digests and decisions; `WAIVED` stands for the gates with a waiver.
        plant: Makes the changes; raises NotApplicableError where there is nothing to plant it in.
        held_by: What catches it, for whoever has to write it: keys of the policy, rules of a contract.
        in_the_making: The defect was there before the jobs ran, so that every digest, pin and record fits it,
            and only what is wrong itself can be noticed. Otherwise somebody wrote there afterwards.
        retrains: The model is trained on it, by the project's own stages.
    """

    name: str
    planted: str
    expected: tuple[str, ...]
    plant: Callable[[Case], Changes]
    held_by: str
    in_the_making: bool = True
    retrains: bool = False

    def expected_in(self, case: Case) -> tuple[str, ...]:
        """Return who is to catch it in this project."""
        return case.waived if self.expected == (WAIVED,) else self.expected


def afterwards(
    name: str, planted: str, expected: tuple[str, ...], plant: Callable[[Case], Changes], held_by: str
) -> Defect:
    """Return a defect that somebody wrote there after the jobs ran."""
    return Defect(name, planted, expected, plant, held_by, in_the_making=False)


def draws() -> "np.random.Generator":
    """Return a generator that draws the same in every run."""
    import numpy as np

    return np.random.default_rng(SEED)


def number_column(table: "pd.DataFrame", *but: str) -> str:
    """Return the column of numbers with the most different values: a measurement, and no flag.

    Args:
        table: The table.
        but: Columns that it is not, as key and label. One of whole numbers that never repeats is a key too.

    Raises:
        NotApplicableError: There is none.
    """
    different = {
        str(name): int(column.nunique())
        for name, column in table.select_dtypes("number").items()
        if name not in but and not (column.is_unique and column.dtype.kind in "iu")
    }
    if not different:
        raise NotApplicableError("the table has no column of numbers")
    return max(different, key=lambda name: different[name])


def text_column(table: "pd.DataFrame", *but: str) -> str:
    """Return the first column of texts that has categories: fewer values than a tenth of its rows.

    Raises:
        NotApplicableError: There is none.
    """
    for name, column in table.items():
        if name not in but and column.dtype.kind not in "iufbM" and 1 < column.nunique() * 10 <= len(column):
            return str(name)
    raise NotApplicableError("the table has no column of categories")
