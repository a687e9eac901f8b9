"""Defects that `gates selftest` plants in a copy of a project: a gate that lets them through is found out.

A defect is a function from the artefacts of a judged candidate to the files that it changes. Nothing is run
in here, and nothing is written.
"""

from gates.defects import (
    behaviour,
    decisions,
    golden_set,
    groups,
    records,
    rivals,
    scores,
    tables,
    timed,
    training,
)
from gates.defects.case import Case, Changes, Defect, NotApplicableError

ALL: tuple[Defect, ...] = (
    *tables.DEFECTS,
    *golden_set.DEFECTS,
    *scores.DEFECTS,
    *groups.DEFECTS,
    *training.DEFECTS,
    *rivals.DEFECTS,
    *timed.DEFECTS,
    *behaviour.DEFECTS,
    *records.DEFECTS,
    *decisions.DEFECTS,
)

__all__ = ["ALL", "Case", "Changes", "Defect", "NotApplicableError"]
