"""What `gates init` finds out about the table before it writes anything: its key, its label, its task."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gates.errors import InvalidError
from gates.paths import require_plain
from gates.tables import class_name, read_table

if TYPE_CHECKING:
    import pandas as pd

RAW_FOLDER = Path("data/raw")
MODEL_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
ROW_ID = "row_id"
BINARY, MULTICLASS, REGRESSION = "binary", "multiclass", "regression"
SHOWN = 5
MOST_CLASSES = 20  # of so few whole numbers nobody but the user knows whether they count or name
# As pandas calls them; a column without any value is empty.
_PLAIN = frozenset({"string", "boolean", "integer", "floating", "mixed-integer-float", "empty"})
MOST_GROUPS = 20  # each needs rows enough to be judged


@dataclass(frozen=True)
class Wishes:
    """What the flags of `gates init` say; None or no text where it shall be found out.

    Attributes:
        data: The raw table, a file in `data/raw/`.
        label: The column to predict.
        key: The column that names a row.
        model: The model's registered name.
        task: binary, multiclass or regression.
        groups: Columns whose values are groups of people.
        fit: Who trains, as module:function.
    """

    data: Path
    label: str
    key: str | None = None
    model: str = ""
    task: str | None = None
    groups: tuple[str, ...] = ()
    fit: str = "train:fit"


@dataclass(frozen=True)
class Label:
    """What the label says about the task.

    Attributes:
        task: binary, multiclass or regression.
        positive: The label's value that is class 1; None where there are not two classes.
        classes: The label's values by their names; none of a regression.
    """

    task: str
    positive: Any = None
    classes: tuple[str, ...] = ()


def raw_file(root: Path, data: Path) -> str:
    """Return the raw table's path, relative to the project.

    Raises:
        InvalidError: It is not there, or not in `data/raw/`.
    """
    path = root / data
    if not path.is_file():
        raise InvalidError(f"--data {data} is not a file.", do="Name your table: --data data/raw/FILE.csv")
    if path.is_symlink() or (root / RAW_FOLDER).is_symlink():
        raise InvalidError(
            f"--data {data} is a symbolic link, or lies in a folder that is one.",
            why="DVC keeps files, and no links to them.",
            do=f"Put the file itself into {RAW_FOLDER}/ and name it there.",
        )
    if path.resolve().parent != (root / RAW_FOLDER).resolve():
        ours = path.resolve().is_relative_to(root.resolve())
        brought = f"{'mv' if ours else 'cp'} {shlex.quote(str(data))} {RAW_FOLDER}/"
        raise InvalidError(
            f"--data {data} does not lie in {RAW_FOLDER}/.",
            why="On GitHub the jobs hand that folder to one another, and no other raw file.",
            do=f"mkdir -p {RAW_FOLDER} && {brought} and name it there.",
        )
    return require_plain((RAW_FOLDER / path.name).as_posix())


def read(root: Path, wishes: Wishes) -> "pd.DataFrame":
    """Return the raw table, with the columns that the flags name.

    Raises:
        InvalidError: It is not a readable table, has no rows, holds lists, or lacks one of them.
    """
    try:
        table = read_table(root / wishes.data)
    except InvalidError as error:
        do = "Write it as Parquet or as UTF-8 CSV with commas and a header."
        raise InvalidError(f"--data {wishes.data} is not a readable table.", why=error.why, do=do) from error
    if not all(isinstance(name, str) for name in table.columns):
        raise InvalidError(f"--data {wishes.data}: a column's name is no text.", do="Name the columns.")
    if table.empty:
        raise InvalidError(f"--data {wishes.data} has no rows.", do="Name the table that you train on.")
    _require_single_values(table, wishes.data)
    keys = () if wishes.key is None else (wishes.key,)
    for flag, names in {"label": (wishes.label,), "key": keys, "group": wishes.groups}.items():
        for name in names:
            if not name or name not in table:
                what = f"{name}: {wishes.data} has no such column" if name else "is empty"
                columns = ", ".join(table.columns[:30])
                raise InvalidError(
                    f"--{flag} {what}.",
                    why=f"{wishes.data} has {columns}.",
                    do=f"Name one of them: --{flag} COLUMN",
                )
    return table


def _require_single_values(table: "pd.DataFrame", data: Path) -> None:
    """Refuse what Parquet can hold and no rule of a contract can compare, such as lists and moments."""
    from pandas.api.types import infer_dtype

    for name in table.columns:
        try:
            table[name].nunique()
        except TypeError as error:
            raise InvalidError(
                f"--data {data}: the column {name} holds lists or mappings.",
                why="A contract speaks about numbers, texts, and true or false.",
                do="Write what they hold as columns of their own.",
            ) from error
        if (kind := infer_dtype(table[name].astype(object), skipna=True)) not in _PLAIN:
            raise InvalidError(
                f"--data {data}: the column {name} holds values of the kind {kind}.",
                why="A contract speaks about numbers, texts, and true or false.",
                do="Write it as one of them: a day as text (2026-06-01) or as days since another, a decimal "
                "as a float; or leave it out.",
            )


def key_column(table: "pd.DataFrame", wishes: Wishes) -> str:
    """Return the column that names a row; `row_id` is made where none is named.

    Raises:
        InvalidError: It repeats a value or lacks one, or is the label.
    """
    key = wishes.key or ROW_ID
    if key == wishes.label or key in wishes.groups:
        raise InvalidError(f"--key {key} names a row; it can be neither label nor group.", do="Leave it out.")
    if key in table and (bad := int(table[key].duplicated().sum() + table[key].isna().sum())):
        raise InvalidError(f"--key {key}: {bad} rows repeat a value or have none.", do="Leave --key out.")
    return key


def groups(table: "pd.DataFrame", wishes: Wishes) -> tuple[str, ...]:
    """Return the columns whose values are groups of people.

    Raises:
        InvalidError: One is the label, stands twice, or has too many values for groups.
    """
    for name in wishes.groups:
        if name == wishes.label:
            raise InvalidError(f"--group {name} is the label; it is what is predicted.", do="Leave it out.")
        if wishes.groups.count(name) > 1:
            raise InvalidError(f"--group {name} stands twice.", do="Name it once.")
        if (distinct := table[name].nunique()) > MOST_GROUPS:
            raise InvalidError(
                f"--group {name} has {distinct} distinct values; at most {MOST_GROUPS} are groups.",
                why="Each value is a group of people, and needs rows enough to be judged.",
                do="Leave it out, or write it as few ranges into a column of its own and name that.",
            )
    return wishes.groups


def label_of(table: "pd.DataFrame", wishes: Wishes) -> Label:
    """Return the task that the label's values call for, or hold that they fit the one that was named.

    Raises:
        InvalidError: Values are missing, all alike, neither two classes nor numbers, or so few whole numbers
            that they may be either, and no task is named.
    """
    from pandas.api.types import is_numeric_dtype

    labels, flag = table[wishes.label], f"--label {wishes.label}"
    if missing := int(labels.isna().sum()):
        raise InvalidError(f"{flag}: {missing} rows have none.", do="Take those rows out of the table.")
    values = sorted(labels.unique().tolist(), key=str)
    if len(values) == 1:
        raise InvalidError(f"{flag} has one value, {values[0]!r}: there is nothing to predict.")
    numeric, few = is_numeric_dtype(labels.dtype), len(values) <= MOST_CLASSES
    names = tuple(class_name(each) for each in values)
    two = len(values) == 2  # noqa: PLR2004 - two classes
    task = wishes.task or (BINARY if two else REGRESSION if numeric else MULTICLASS)
    if task == BINARY and two:
        return Label(task, values[1], names)
    if task == MULTICLASS and few and not two and (not numeric or bool((labels % 1 == 0).all())):
        return Label(task, None, names)
    if task == REGRESSION and numeric:
        if not wishes.task and few and bool((labels % 1 == 0).all()):
            raise InvalidError(
                f"{flag} has {len(values)} distinct whole numbers; are they numbers to predict, or classes?",
                why="They may as well be classes, which are judged otherwise.",
                do="Numbers: --task regression. Classes: --task multiclass.",
            )
        return Label(task)
    shown = ", ".join(map(repr, values[:SHOWN])) + (", …" if len(values) > SHOWN else "")
    raise InvalidError(
        f"{flag} has {len(values)} values ({shown}).",
        why=f"Two values are a binary model's, 3 to {MOST_CLASSES} texts or whole numbers a multiclass's, and"
        " any numbers a regression's.",
        do="Name another column or --task, or write this one as classes or as a number.",
    )


def model_name(root: Path, wishes: Wishes) -> str:
    """Return the model's name; the folder's where none is given.

    Raises:
        InvalidError: It is not a name that registry and ledger take.
    """
    name = wishes.model or re.sub("[^A-Za-z0-9_.-]+", "-", root.name).strip("-._")
    if not MODEL_NAME.fullmatch(name):
        raise InvalidError(
            f"--model {name!r} is not a name of at most 63 letters, digits, . _ -", do="Give --model NAME."
        )
    return name
