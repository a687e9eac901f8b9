"""Whether the intervals of scores hold the truth, in short: the full table is `make decisions`."""

from benchmarks.decisions import intervals

AT_THE_END = ("calibration_error of one model", "4 equal groups", "calibration_error of two models")


def test_the_goals_are_kept_in_short() -> None:
    """All but where the truth is at an end that the figure, larger by chance, never reaches."""
    figures = list(intervals.figures(24))
    held = [each for each in figures if not any(end in each.what for end in AT_THE_END)]
    assert len(held) == len(figures) - 3
    assert [each.what for each in held if not each.within(0.14)] == []
