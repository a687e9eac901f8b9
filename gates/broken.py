"""What the rows of a table break, counted: of parts, put together to what the whole table breaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from gates.contracts import Rule
from gates.witnesses import Key

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

SHOWN = 5  # rows that are named


@dataclass(frozen=True)
class Broken:
    """How often a rule is broken.

    Attributes:
        rows: By how many rows.
        first: The first of them, from 0.
        whole: How often by the column, or the table, as a whole.
    """

    rows: int = 0
    first: tuple[int, ...] = ()
    whole: int = 0


@dataclass(frozen=True)
class Violations:
    """What some rows of a table break.

    Attributes:
        rows: How many rows there are.
        broken: Each broken rule.
        repeating: Of each key the numbers of the rows that may repeat one, and their values.
    """

    rows: int
    broken: Mapping[Rule, Broken] = field(default_factory=dict)
    repeating: Mapping[Key, "tuple[NDArray[np.int64], pa.Table]"] = field(default_factory=dict)


def counted(rows: Sequence[int | None]) -> Broken:
    """Return how often a rule is broken: by rows, by their numbers, and by None as a whole."""
    numbers = sorted(row for row in rows if row is not None)
    return Broken(len(numbers), tuple(numbers[:SHOWN]), len(rows) - len(numbers))


def merge(one: Violations, other: Violations) -> Violations:
    """Return what the rows of both break, those of the second after those of the first."""
    import pyarrow as pa

    nothing = Broken()
    broken = {}
    for rule in {**one.broken, **other.broken}:
        a, b = one.broken.get(rule, nothing), other.broken.get(rule, nothing)
        first = (*a.first, *(row + one.rows for row in b.first))[:SHOWN]
        broken[rule] = Broken(a.rows + b.rows, first, max(a.whole, b.whole))
    repeating = {**one.repeating}
    for key, (rows, values) in other.repeating.items():
        before = [repeating[key]] if key in repeating else []
        every = [*before, (rows + one.rows, values)]
        repeating[key] = (
            np.concatenate([each for each, _ in every]),
            pa.concat_tables([each for _, each in every]),
        )
    return Violations(one.rows + other.rows, broken, repeating)


def one_way(rule: Rule, broken: Broken) -> Broken:
    """Return a rule as broken by rows or by the column as a whole, as if all rows were judged at once.

    A type is told by row where some value is of no such type, another rule where its check can be made.
    """
    if not broken.rows or not broken.whole:
        return broken
    by_row = rule[1].startswith("dtype(")
    return replace(broken, whole=0) if by_row else Broken(whole=broken.whole)
