"""Which group each row belongs to: names as text, whatever the column holds, and intersections of columns."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FEW_GROUPS = 16


@dataclass(frozen=True, eq=False)
class Membership:
    """Which group each row belongs to: names in their order, and the place among them, shape (n,)."""

    names: tuple[str, ...]
    member: NDArray[np.intp]


def membership(groups: ArrayLike) -> Membership:
    """Return which group each row belongs to; every name is compared and converted once, not once a row.

    Args:
        groups: the group of each row, text or numbers, shape (n,).

    Raises:
        ValueError: another shape, or a row without a group (None, NaN).
    """
    given = np.asarray(groups)
    if given.ndim != 1:
        raise ValueError(f"groups must have the shape (n,), got {given.shape}")
    values, member = _distinct(given)
    if not all(_is_present(value) for value in values):
        raise ValueError("every row needs a group; give rows without one a group of their own")
    names, place = np.unique(values.astype(np.str_), return_inverse=True)
    return Membership(tuple(names.tolist()), place[member] if values.size else member)


def intersection(one: Membership, other: Membership) -> Membership:
    """Return the groups of those who belong to one group of each, named ``one+other``; none that is empty.

    Raises:
        ValueError: memberships of different length.
    """
    if one.member.shape != other.member.shape:
        raise ValueError(f"groups {one.member.shape} and {other.member.shape} differ in shape")
    both = one.member * len(other.names) + other.member
    present = np.flatnonzero(np.bincount(both, minlength=len(one.names) * len(other.names)))
    pairs = [divmod(place, len(other.names)) for place in present.tolist()]
    texts = np.array([f"{one.names[i]}+{other.names[j]}" for i, j in pairs], dtype=np.str_)
    names, place = np.unique(texts, return_inverse=True)
    return Membership(tuple(names.tolist()), place[np.searchsorted(present, both)] if pairs else both)


def _distinct(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the distinct values, and the place of each row's among them."""
    if values.dtype.kind == "O":
        rows = values.tolist()
        places: defaultdict[Any, int] = defaultdict(lambda: len(places))
        member = np.fromiter(map(places.__getitem__, rows), dtype=np.intp, count=len(rows))
        if all(type(value) is str for value in places):
            return np.array(list(places), dtype=object), member
        if not all(_is_present(value) for value in rows):
            return np.array([None], dtype=object), member
        values = values.astype(np.str_)  # 1, 1.0 and True are equal, their texts are not
    if values.dtype.kind not in "US":
        return np.unique(values, return_inverse=True)
    # Texts are slow to sort; of few groups it is faster to look for one after the other.
    first: list[int] = []
    member, left = np.zeros(values.size, dtype=np.intp), np.ones(values.size, dtype=np.bool_)
    while left.any():
        if len(first) == _FEW_GROUPS:
            return np.unique(values, return_inverse=True)
        place = int(left.argmax())
        same = values == values[place]
        member += same * np.intp(len(first))
        left &= ~same
        first.append(place)
    return values[first], member


def _is_present(name: object) -> bool:
    """Return False for None and for what does not equal itself: NaN, and NA and NaT of pandas."""
    try:
        return name is not None and bool(name == name)  # noqa: PLR0124 - NaN is not itself
    except TypeError:  # NA has no truth value
        return False
