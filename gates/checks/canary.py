"""Does the canary answer its share of the traffic as well as what serves now?

Reads one table, CSV or Parquet, with a row for each block of time and each arm: `block` (a time or a
number, such as the minute), `arm` (`stable` or `canary`), `requests` and `errors`; where they are held,
`slow` (of the requests, those above the latency that you promise: of a p99 of 200 ms, those above 200 ms) and
`conversions` (of the requests, those that ended as the business wishes). A block in which an arm has no row
has no requests there. The table grows, and the gate may look at it after every block.

Each figure is the canary's rate minus stable's (of conversions: stable's minus the canary's), weighted over
blocks (Mantel and Haenszel 1959), with bounds that hold at all looks at once (`gates.stats.sequential`). Pass
means promote: every upper bound is within its limit, over at least `min_blocks` blocks. Fails when a figure
is beyond its limit and surely no chance, its lower bound having reached 0 at this look or an earlier one:
roll back. Undecided when it is neither, or there is no traffic: hold.

If nothing differs, roll back is ever said with a probability of at most 5 % over all looks, which the columns
of the table share equally (Bonferroni); of a canary that is at a limit, promote is said at most as often.
A block counts once, however bad: five are the least that convict, so that no burst of a minute does. Short
blocks decide sooner; none should be shorter than your bursts. A limit that is left out is not held.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gates.errors import InvalidError
from gates.policy_blocks import LivePolicy
from gates.policy_values import Probability
from gates.stats.sequential import Arm, rate_difference
from gates.tables import read_table
from gates.verdict import Finding, Measurements, Outcome, at_most, enough

if TYPE_CHECKING:
    import pandas as pd

Counts: TypeAlias = Mapping[str, Mapping[str, NDArray[np.int64]]]

ARMS = ("stable", "canary")
KEYS = ["block", "arm"]
# Column of events to the figure that is held, and the sense in which more of it is worse.
FIGURES = {
    "errors": ("error_increase", 1),
    "slow": ("slow_increase", 1),
    "conversions": ("conversion_loss", -1),
}
ERROR = 0.05
MOST = 10**12  # no block holds more requests
LEAST_BLOCKS = 10
ACTIONS = {
    Outcome.PASS: "Promote the canary.",
    Outcome.UNDECIDED: "Hold: more blocks will decide it.",
    Outcome.FAIL: "Roll the canary back: it surely is worse.",
}
WRITE = "Write one row a block and arm: block,arm,requests,errors"


class Policy(LivePolicy):
    """How much more of the requests may fail, be slow, or not convert, and the least blocks to promote on."""

    max_error_increase: Probability = 0.01
    max_slow_increase: Probability | None = None
    max_conversion_loss: Probability | None = None
    min_blocks: Annotated[int, Field(ge=LEAST_BLOCKS)] = 30


@dataclass(frozen=True)
class Inputs:
    """One table."""

    traffic: Annotated[Path, "requests, errors and more of both arms, block by block"]


def measure(inputs: Inputs) -> Measurements:
    """Return each figure with its bounds, the arms' rates, their requests, and the blocks that have both.

    Raises:
        InvalidError: A column is missing, an arm is unknown, a row is doubled, or a count is none.
    """
    table = read_table(inputs.traffic)
    present = [column for column in FIGURES if column in table.columns or column == "errors"]
    table = read_table(inputs.traffic, [*KEYS, "requests", *present])
    return compared(_counts(inputs.traffic, table, ["requests", *present]))


def compared(counts: Counts) -> Measurements:
    """Return what `measure` does, from column to arm to counts, one a block; `requests` is one column."""
    requests, present = counts["requests"], [column for column in FIGURES if column in counts]
    measurements: Measurements = {f"requests/{arm}": float(requests[arm].sum()) for arm in ARMS}
    measurements["blocks"] = float(((requests["stable"] > 0) & (requests["canary"] > 0)).sum())
    for column in present:
        stable, canary = (Arm(requests[arm], counts[column][arm]) for arm in ARMS)
        name, sense = FIGURES[column]
        one, other = (canary, stable) if sense > 0 else (stable, canary)
        found = rate_difference(one, other, low_error=ERROR / len(present), high_error=ERROR)
        if found is not None:
            measurements |= found.named(name)
        for arm, each in (("stable", stable), ("canary", canary)):
            if each.requests.sum() > 0:
                measurements[f"{column}/{arm}"] = float(each.events.sum() / each.requests.sum())
    return measurements


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold every figure against its limit, the errors first, and say what to do with the canary."""
    limits = {
        "error_increase": policy.max_error_increase,
        "slow_increase": policy.max_slow_increase,
        "conversion_loss": policy.max_conversion_loss,
    }
    findings = [_held(name, limit, measurements) for name, limit in limits.items() if limit is not None]
    findings.append(enough("blocks", measurements.get("blocks"), policy.min_blocks, unit="blocks"))
    outcomes = {each.outcome for each in findings}
    worst = next(each for each in (Outcome.FAIL, Outcome.UNDECIDED, Outcome.PASS) if each in outcomes)
    for place, each in enumerate(findings):
        told = each.outcome is worst and (worst is not Outcome.PASS or place == 0)
        yield replace(each, note=ACTIONS[worst]) if told else each


def _held(name: str, limit: float, measurements: Measurements) -> Finding:
    low, high = (measurements.get(f"{name}/{end}", float("nan")) for end in ("low", "high"))
    finding = at_most(name, measurements.get(name), limit, low=low, high=high)
    # Beyond the limit by chance is no reason to roll back: the next blocks will tell.
    by_chance = finding.outcome is Outcome.FAIL and not low >= 0
    return replace(finding, outcome=Outcome.UNDECIDED) if by_chance else finding


def _counts(path: Path, table: "pd.DataFrame", columns: list[str]) -> Counts:
    """Return column to arm to its counts, one a block, in the order of the blocks.

    Raises:
        InvalidError: As `measure`.
    """
    strange = [arm for arm in table["arm"].unique().tolist() if arm not in ARMS]
    if strange:
        raise InvalidError(f"{path}: {strange[0]!r} is no arm.", why="Arms are stable and canary.", do=WRITE)
    bad = int(table["block"].isna().sum() + table.duplicated(KEYS).sum())
    if bad:
        raise InvalidError(f"{path}: {bad} rows lack a 'block' or repeat block and arm.", do=WRITE)
    whole = table[KEYS].assign(**{column: _whole(path, table[column]) for column in columns})
    for column in columns[1:]:
        if (more := int((whole[column] > whole["requests"]).sum())) > 0:
            raise InvalidError(f"{path}: {more} rows have more {column!r} than 'requests'.", do=WRITE)
    try:
        wide = whole.pivot_table(index="block", columns="arm", values=columns, fill_value=0, aggfunc="sum")
    except TypeError as error:
        raise InvalidError(f"{path}: 'block' has no order.", do="Write times or whole numbers.") from error
    none = np.zeros(len(wide), dtype=np.int64)
    return {
        column: {
            arm: wide[column, arm].to_numpy(dtype="int64") if (column, arm) in wide.columns else none
            for arm in ARMS
        }
        for column in columns
    }


def _whole(path: Path, column: "pd.Series[int]") -> NDArray[np.int64]:
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=float("nan"))
    bad = int((~((values >= 0) & (values <= MOST) & (values == np.floor(values)))).sum())
    if bad:
        raise InvalidError(
            f"{path}: {bad} values in {column.name!r} are no counts.",
            why="A count is a whole number, 0 or more; none is missing.",
            do=WRITE,
        )
    counts: NDArray[np.int64] = values.astype(np.int64)
    return counts
