"""Answers on stdout, progress on stderr; text from data is text."""

import pytest
from rich.console import Console
from rich.table import Table

from gates.adapters.console import WIDTH_ELSEWHERE, Screen

DATA = "slice[/bold] [red]x[/red] :bug: C:\\[a] is 0.81"


def test_an_answer_and_its_progress_are_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """An answer can be piped."""
    screen = Screen()
    screen.say("pulling")
    screen.show("the answer")
    assert capsys.readouterr() == ("the answer\n", "· pulling\n")


def test_brackets_and_colons_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    """What looks like markup is shown as it is."""
    screen = Screen()
    screen.show(DATA)
    screen.say(DATA)
    with screen.step("train") as show:
        show(DATA)
    out, err = capsys.readouterr()
    assert out == f"{DATA}\n"
    assert err.count(DATA) == 2


def test_in_a_workflows_log_progress_is_folded_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the answer is what a person sees first; once opened, once closed."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    screen = Screen()
    screen.unfold()
    screen.say("pulling")
    screen.say("hashing")
    screen.unfold()
    screen.unfold()
    assert capsys.readouterr().err == "::group::Progress\n· pulling\n· hashing\n::endgroup::\n"


@pytest.mark.parametrize("quiet", [True, False])
def test_on_a_laptop_nothing_is_folded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, quiet: bool
) -> None:
    """Nor for a library's caller, who sees no progress."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true" if quiet else "")
    screen = Screen(quiet=quiet)
    screen.say("pulling")
    screen.unfold()
    assert capsys.readouterr().err == ("" if quiet else "· pulling\n")


def test_a_command_to_paste_is_one_line_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in a log, however long."""
    command = f"gates rollback --to previous --expect {'0' * 64} --reason '{'slow ' * 90}' --apply"
    for width, terminal in ((80, True), (WIDTH_ELSEWHERE, False)):
        screen = Screen()
        out = Console(highlight=False, markup=False, width=width, force_terminal=terminal)
        monkeypatch.setattr(screen, "out", out)
        screen.show(command)
        assert capsys.readouterr().out == f"{command}\n"


def test_a_table_has_no_blanks_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    """In a file or a log nobody wants them."""
    table = Table("gate", "figure", box=None)
    table.add_row("golden", "a long figure")
    Screen().show(table)
    out = capsys.readouterr().out
    assert out.endswith("a long figure\n")
    assert all(line == line.rstrip() for line in out.split("\n"))


def test_a_step_tells_its_lines_and_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no terminal: plain lines with the step's name, the time last."""
    with Screen().step("train") as show:
        show("· running split")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "train    · running split"
    assert lines[1].split()[0] == "train"
    assert lines[1].endswith(" s")
    assert len(lines) == 2


def test_a_step_that_fails_tells_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Its error comes next; it did not end."""
    with pytest.raises(KeyError), Screen().step("train"):
        raise KeyError
    assert capsys.readouterr().err == ""


def test_a_step_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The spinner takes any text, and only the time stays."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with Screen().step("train") as show:
        show(f"· {DATA}")
    assert capsys.readouterr().err.splitlines()[-1].rstrip().endswith("s")


def test_long_lines_are_not_broken_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A progress line is one line, and an answer is broken beyond 160 columns only."""
    screen = Screen()
    screen.say("x" * 300)
    screen.show("y" * 150)
    out, err = capsys.readouterr()
    assert (out, err) == ("y" * 150 + "\n", "· " + "x" * 300 + "\n")


def test_long_reading_is_told_from_time_to_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its rows, and when it will have ended."""
    clock = iter([100.0, 104.0, 108.0, 110.0, 120.0])
    monkeypatch.setattr("gates.adapters.console.time.monotonic", lambda: next(clock))
    with Screen().counting(5_000_000) as add:
        for _ in range(4):
            add(1_000_000)
    assert capsys.readouterr().err == (
        "· 2,000,000 of 5,000,000 rows, 12 s left\n· 4,000,000 of 5,000,000 rows, 5 s left\n"
    )


def test_a_table_without_rows_is_counted_too(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen().counting(0) as add:
        add(0)
    assert capsys.readouterr().err == ""
