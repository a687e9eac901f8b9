"""The golden rows as gates compare them: labels, what each model answered, and what each row counts.

Of a binary model a row's answer is the probability of class 1, of a multiclass one a probability for each
class, of a regression a number in the unit of the label, of a ranking a number by which the rows of a query
are ordered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from gates.errors import InvalidError
from gates.policy_values import Task
from gates.tables import (
    LARGEST,
    binary_labels,
    class_names,
    in_slice,
    numbers,
    probabilities,
    read_aligned,
    read_columns,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

MODELS = ("challenger", "champion")
MISSING = "(missing)"
OF_CLASS = ":"  # between a model and a class, in the name of the column that holds its probability
SUMS_TO_ONE = 1e-3  # as closely as float32 does over many classes
GROUP_NEEDED = (
    "A ranking is of rows that belong together: name the column of their query in gates.golden_set.group."
)


@dataclass(frozen=True, kw_only=True)
class GoldenFiles:
    """Where golden rows lie and what their columns mean: the inputs that every gate over them has."""

    predictions: Annotated[Path, "answers to the golden rows, of `challenger` and, if any, `champion`"]
    labels: Annotated[Path, "the golden labels"]
    features: Annotated[Path, "the golden features, for slices and groups"]
    key: Annotated[str, "column that names a row"]
    label: Annotated[str, "column of the label: 0 or 1, a class, or a number"]
    task: Annotated[Task, "binary, multiclass, regression or ranking, as the policy says"] = "binary"
    group: Annotated[str, "feature that tells which rows belong together"] = ""


@dataclass(frozen=True, kw_only=True)
class WeighedFiles(GoldenFiles):
    """The same, where rows may count more or less than others."""

    weight: Annotated[str, "feature that tells how much a row counts"] = ""
    class_weights: Annotated[tuple[str, ...], "how much a row counts by its label, each as class=weight"] = ()

    @property
    def weighs(self) -> bool:
        """Whether some rows count more than others."""
        return bool(self.weight or self.class_weights)


@dataclass(frozen=True, eq=False)
class GoldenRows:
    """Labelled rows with the answers of one model or both.

    Attributes:
        y: Labels, shape (n,): 0 and 1, names of classes, or numbers.
        answers: Model to its answers, shape (n,), or (n, classes) of a multiclass.
        classes: Names of a multiclass's classes, in the order of the answers' columns.
        weights: How much each row counts, shape (n,); None where all count alike.
        groups: What each row belongs to, shape (n,); None where each stands for itself.
        columns: Further columns, for slices and groups of people.
    """

    y: "npt.NDArray[Any]"
    answers: "Mapping[str, npt.NDArray[np.float64]]"
    classes: tuple[str, ...]
    weights: "npt.NDArray[np.float64] | None"
    groups: "npt.NDArray[Any] | None"
    columns: "pd.DataFrame"

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.y)

    @property
    def queries(self) -> "npt.NDArray[Any]":
        """The query of each row of a ranking, shape (n,).

        Raises:
            ValueError: The rows have none.
        """
        if self.groups is None:
            raise ValueError("a ranking is of rows that belong to queries")
        return self.groups

    def count(self, chosen: "npt.NDArray[np.bool_] | None" = None) -> float:
        """Return how many rows there are; of weighed ones, how many alike say as much (L. Kish, 1965)."""
        import numpy as np

        mask = np.ones(len(self), dtype=np.bool_) if chosen is None else chosen
        if self.weights is None:
            return float(np.count_nonzero(mask))
        weights = self.weights[mask]
        return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0

    def least_of_a_class(self) -> float:
        """Return the count of the class that has fewest; a class of a model that no row has, has none."""
        known: tuple[object, ...] = self.classes or (0, 1)
        return min(self.count(self.y == each) for each in known)

    def count_of_groups(self) -> dict[str, float]:
        """Return how many groups are drawn as one, by the name of the measurement; nothing where rows are."""
        return {} if self.groups is None else {"groups": float(len({*self.groups.tolist()}))}

    def texts(self, column: str) -> "npt.NDArray[np.str_]":
        """Return a column's values as text, shape (n,); what is missing is a value of its own."""
        import numpy as np
        import pandas as pd

        codes, values = pd.factorize(self.columns[column])
        texts = np.array([*pd.Series(values).astype("str"), MISSING], dtype=np.str_)
        of_row: npt.NDArray[np.str_] = texts[codes]  # a missing one has the code -1
        return of_row

    def slice(self, name: str) -> "GoldenRows":
        """Return the rows of a slice, written as column=value."""
        chosen = in_slice(self.columns, name)
        return replace(
            self,
            y=self.y[chosen],
            answers={model: each[chosen] for model, each in self.answers.items()},
            weights=None if self.weights is None else self.weights[chosen],
            groups=None if self.groups is None else self.groups[chosen],
            columns=self.columns[chosen],
        )


def read(golden: GoldenFiles, models: Iterable[str], columns: Iterable[str] = ()) -> GoldenRows:
    """Return the golden rows, sorted by their key.

    Args:
        golden: Where they lie.
        models: Whose answers are wanted, of `MODELS`.
        columns: Which features are wanted.

    Raises:
        InvalidError: A file or column cannot be read, or a value is not what the task asks for.
    """
    wanted = {model: _answered(golden, model) for model in models}
    weighed = golden if isinstance(golden, WeighedFiles) and golden.weighs else None
    named = (golden.group, weighed.weight if weighed else "")
    of_features = [*columns]
    of_features += [each for each in dict.fromkeys(named) if each and each not in of_features]
    parts = {
        golden.labels: [golden.label],
        golden.predictions: [column for each in wanted.values() for column in each],
    }
    if of_features:
        parts[golden.features] = of_features
    rows = read_aligned(parts, golden.key)
    if golden.task == "ranking" and not golden.group:
        raise InvalidError(GROUP_NEEDED, do="Write it there, then: gates predict")
    classes = tuple(sorted({_class(column) for each in wanted.values() for column in each}))
    y = _labels(golden, rows[golden.label])
    if golden.task == "multiclass":
        classes = tuple(sorted({*classes, *y.tolist()}))
    return GoldenRows(
        y=y,
        answers={model: _answers(golden, rows[each], classes) for model, each in wanted.items()},
        classes=classes if golden.task == "multiclass" else (),
        weights=_weights(weighed, rows) if weighed else None,
        groups=_groups(golden, rows),
        columns=rows[of_features],
    )


def has_champion(predictions: Path) -> bool:
    """Return whether a table of answers holds those of a champion.

    Raises:
        InvalidError: It cannot be read.
    """
    return any(column.partition(OF_CLASS)[0] == "champion" for column in read_columns(predictions))


def _answered(golden: GoldenFiles, model: str) -> list[str]:
    """Return the columns that hold a model's answers."""
    if golden.task != "multiclass":
        return [model]
    found = [column for column in read_columns(golden.predictions) if column.startswith(f"{model}{OF_CLASS}")]
    if not found:
        raise InvalidError(
            f"{golden.predictions} has no column {model}{OF_CLASS}CLASS.",
            why="A multiclass model has a column of probabilities for each class.",
            do="Predict again: gates predict",
        )
    return found


def _class(column: str) -> str:
    return column.partition(OF_CLASS)[2]


def _labels(golden: GoldenFiles, column: "pd.Series[Any]") -> "npt.NDArray[Any]":
    if golden.task == "binary":
        return binary_labels(golden.labels, column)
    if golden.task == "multiclass":
        return class_names(golden.labels, column)
    return numbers(golden.labels, column)


def _answers(
    golden: GoldenFiles, table: "pd.DataFrame", classes: tuple[str, ...]
) -> "npt.NDArray[np.float64]":
    """Return a model's answers; a class that it does not know has the probability 0."""
    import numpy as np

    path = golden.predictions
    if golden.task != "multiclass":
        read = probabilities if golden.task == "binary" else numbers
        return read(path, table.iloc[:, 0])
    known = {_class(column): probabilities(path, table[column]) for column in table}
    answers = np.column_stack([known.get(each, np.zeros(len(table))) for each in classes])
    if not (np.abs(answers.sum(axis=1) - 1.0) <= SUMS_TO_ONE).all():
        raise InvalidError(
            f"{path}: the probabilities of a row do not sum to 1.", do="Mend the model's predict_proba."
        )
    return answers


def _weights(golden: WeighedFiles, rows: "pd.DataFrame") -> "npt.NDArray[np.float64]":
    """Return what each row counts: its own weight times that of its class."""
    import numpy as np
    import pandas as pd

    weights = np.ones(len(rows))
    if golden.weight:
        weights = pd.to_numeric(rows[golden.weight], errors="coerce").to_numpy(
            "float64", na_value=float("nan")
        )
        if bad := int((~((weights >= 0) & (weights <= LARGEST))).sum()):
            raise InvalidError(
                f"{golden.features}: {bad} weights in {golden.weight!r} are no finite numbers of at least 0.",
                do="Mend that column.",
            )
    if golden.class_weights:
        of_class = {
            name: float(value) for name, _, value in (each.rpartition("=") for each in golden.class_weights)
        }
        names = class_names(golden.labels, rows[golden.label])
        if idle := sorted(of_class.keys() - {*names.tolist()}):
            raise InvalidError(
                f"gates.golden_set.class_weights weighs the class {idle[0]!r}, which no golden row has.",
                do="Correct its name, or leave it out.",
            )
        unknown = sorted({*names.tolist()} - of_class.keys())
        if unknown:
            raise InvalidError(
                f"gates.golden_set.class_weights names no weight of class {unknown[0]!r}.",
                do=f'Add "{unknown[0]}=1" there.',
            )
        weights = weights * np.array([of_class[name] for name in names.tolist()])
    if len(weights) and not 0.0 < weights.sum() < LARGEST:
        raise InvalidError("The weights of the golden rows sum to 0.", do="Mend gates.golden_set.")
    return weights


def _groups(golden: GoldenFiles, rows: "pd.DataFrame") -> "npt.NDArray[Any] | None":
    import numpy as np

    if not golden.group:
        return None
    column = rows[golden.group]
    if missing := int(column.isna().sum()):
        raise InvalidError(
            f"{golden.features}: {missing} rows have no {golden.group!r}.", do="Give each row its group."
        )
    return np.asarray(class_names(golden.features, column))
