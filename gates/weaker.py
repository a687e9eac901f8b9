"""What a policy says otherwise than another, and which of it asks for less."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gates.leaves import leaves, shown

# By the words of an address, from its last to its first: the first that is known decides.
_LOW_IS_LESS = ("min_", "requests", "rows", "lock_years", "alpha")
_HIGH_IS_LESS = (
    "max_",
    "p99_ms",
    "margin",
    "tolerance",
    "burn_in_minutes",
    "decision_days",
    "break_glass_hours",
    "drill_limit_s",
    "least_importance",
)
_RANKED = {
    "mode": ("report", "block"),
    "first_model": ("floor", "approve", "block"),
    "tie": ("promote", "block"),
    "rule": ("non_inferior", "superior", "min_delta"),
}
_MORE_IS_LESS = ("trusted_types", "ignore")
_FEWER_IS_LESS = ("attributes", "intersections", "slices", "also", "lint", "tests", "required")
_KNOWN = (*_LOW_IS_LESS, *_HIGH_IS_LESS, *_RANKED, *_MORE_IS_LESS, *_FEWER_IS_LESS)
_MEANS_OTHERWISE = ("weight", "group", "class_weights")  # every figure is another one then
# Who is believed and what is let off are lists of blocks: these say whom and what, and until when.
_WHOM = ("finding", "key", "identity", "repository")
_UNTIL = ("expires", "until", "revoked")
_LET_OFF = ("waivers", "trusted_keys", "approvers")


@dataclass(frozen=True)
class Change:
    """One address at which two policies differ.

    Attributes:
        text: Address, old value, new value.
        address: The address, such as ``gates.latency.p99_ms``.
        weaker: Whether the new one asks for less, as far as its name tells.
    """

    text: str
    address: str
    weaker: bool


def changes(before: Mapping[str, Any], after: Mapping[str, Any], root: str = "gates") -> tuple[Change, ...]:
    """Return every difference between two policies, sorted by address.

    Args:
        before: The `gates:` block that held so far, defaults filled in.
        after: The one that is proposed, the same.
        root: What every address begins with.
    """
    old, new = dict(leaves(before, root)), dict(leaves(after, root))
    return tuple(
        Change(
            f"{each}: {shown(old, each)} → {shown(new, each)}",
            each,
            _weaker(each, old, new),
        )
        for each in sorted(old.keys() | new.keys())
        if shown(old, each) != shown(new, each)
    )


def _weaker(address: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    words, was, now = address.split("."), old.get(address), new.get(address)
    if any(word in _LET_OFF for word in words):
        if words[-1] in _WHOM:
            return bool(now)
        return words[-1] in _UNTIL and address in new and _later(was, now)
    if (words[1:] and words[1] == "metrics") or words[-1] in _MEANS_OTHERWISE:
        return True
    named = next((each for each in words if each.endswith("_metrics")), "")  # whatever the metric's name is
    word = named or next((each for each in reversed(words) if each.startswith(_KNOWN)), "")
    if word in _RANKED:
        return _rank(word, now) < _rank(word, was)
    if word in (*_MORE_IS_LESS, *_FEWER_IS_LESS):
        return _lacks(was, now) if word in _MORE_IS_LESS else _lacks(now, was)
    return bool(word) and (
        now is None or (_below(now, was) if word.startswith(_LOW_IS_LESS) else _below(was, now))
    )


def _below(one: Any, other: Any) -> bool:  # noqa: ANN401 - a policy's values
    return isinstance(one, int | float) and isinstance(other, int | float) and one < other


def _rank(word: str, value: Any) -> int:  # noqa: ANN401 - a policy's value
    ranks = _RANKED[word]
    return ranks.index(value) if value in ranks else len(ranks)


def _lacks(some: Any, others: Any) -> bool:  # noqa: ANN401 - a policy's values
    """Return whether a list lacks an element of another."""
    return bool([each for each in others or () if each not in (some or ())])


def _later(old: Any, new: Any) -> bool:  # noqa: ANN401 - days as text; none is for ever
    return old is not None and (new is None or str(new) > str(old))
