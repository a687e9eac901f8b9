"""One answer for three readers: a person, a program, GitHub."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from gates.errors import ConflictError, ExitCode, GatesError, InvalidError, TamperedError, UnavailableError
from gates.run.answer import Answer, Answering
from gates.run.result import Result
from gates.verdict import Verdict, at_least, at_most, enough
from gates.verdict_document import to_document
from tests import examples

FAILED = Verdict("latency", "block", (at_most("p99", 250.0, 200.0, unit="ms"),))
UNDECIDED = Verdict("golden", "block", (enough("rows", 10, 200),))
PASSED = Verdict("golden", "block", (at_least("auc", 0.9, 0.8),))
REPORTED = Verdict("fairness", "report", (at_least("ratio", 0.5, 0.8),))


@pytest.fixture(autouse=True)
def _laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a step's outputs, in a step of a workflow; `summary` lies beside it."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    return tmp_path / "output"


def tell(answer: Answer, command: str = "judge", *, as_json: bool = False) -> ExitCode:
    answering = Answering(command, Path(), as_json=as_json)
    answering.tell(answer)
    return answering.code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Result("pass", "Done."), ExitCode.PASS),
        (Result("unchanged", "Done."), ExitCode.PASS),
        (Result("fail", "Done."), ExitCode.FAIL),
        (Result("undecided", "Done."), ExitCode.UNDECIDED),
        (PASSED, ExitCode.PASS),
        (FAILED, ExitCode.FAIL),
        (UNDECIDED, ExitCode.UNDECIDED),
        (REPORTED, ExitCode.PASS),
        (Verdict("golden", "block", ()), ExitCode.UNDECIDED),
        ({"champion": None}, ExitCode.PASS),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_every_outcome_has_its_exit_code(answer: Answer, code: ExitCode, *, as_json: bool) -> None:
    """All but pass, unchanged and report-only are non-zero."""
    command = answer.gate if isinstance(answer, Verdict) else "status"
    assert tell(answer, command, as_json=as_json) is code


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole of stdout, and nothing on stderr."""
    tell(Result("pass", "Fine: é.", digest="d", details={"sha": "s"}), as_json=True)
    out, err = capsys.readouterr()
    assert json.loads(out) == {"outcome": "pass", "sentence": "Fine: é.", "digest": "d", "sha": "s"}
    assert err == ""


def test_a_verdict_as_json_is_its_document(capsys: pytest.CaptureFixture[str]) -> None:
    """The same as in the evidence."""
    tell(FAILED, "latency", as_json=True)
    assert json.loads(capsys.readouterr().out) == to_document(FAILED)


def test_a_person_sees_gate_outcome_figure_and_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """One row a gate."""
    details = {"verdicts": [to_document(FAILED), to_document(REPORTED)]}
    tell(Result("fail", "Stopped by latency.", details=details))
    out = capsys.readouterr().out
    assert "latency" in out
    assert "250 > 200 ms" in out
    assert "did not block" in out
    assert out.rstrip().endswith("Stopped by latency.")


def test_an_empty_ledger_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody serves, and nobody ever did."""
    tell({"model": "churn", "champion": None}, "status")
    tell({"model": "churn", "entries": []}, "history")
    out = capsys.readouterr().out
    assert "champion  none" in out
    assert "No model was promoted yet." in out


def test_outputs_for_the_next_job(output: Path) -> None:
    """Outcome, sentence, digest and verdict, and nothing else."""
    tell(Result("pass", "Fine.", digest="d", verdict="evidence/statement.json", details={"sha": "s"}))
    written = set(output.read_text().splitlines())
    assert written == {"outcome=pass", "sentence=Fine.", "digest=d", "verdict=evidence/statement.json"}


def test_a_gate_names_its_verdicts_file(output: Path) -> None:
    """Under the folder that travels as evidence."""
    tell(FAILED, "latency")
    assert set(output.read_text().splitlines()) == {"outcome=fail", "verdict=evidence/latency.json"}


def test_what_blocks_is_annotated(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each gate that blocks, and none for one that only reports; all are in the summary."""
    details = {"verdicts": [to_document(each) for each in (FAILED, REPORTED, UNDECIDED)]}
    tell(Result("fail", "Stopped.", details=details))
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("::")]
    titles = [line.partition("title=")[2].partition("::")[0] for line in lines]
    assert titles == ["latency%3A fail", "golden%3A undecided"]
    summary = output.with_name("summary").read_text()
    assert "## judge: fail" in summary
    assert summary.count("\n| ") == 4


def test_a_question_leaves_no_outputs(output: Path) -> None:
    """`status` decides nothing."""
    tell({"model": "churn", "champion": None}, "status")
    assert not output.exists()


@pytest.mark.parametrize("kind", [InvalidError, UnavailableError, ConflictError, TamperedError, GatesError])
@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_has_three_parts(
    kind: type[GatesError], capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    """What, why and what next, with the code of its class; on stdout only as JSON."""
    answering = Answering("judge", Path(), as_json=as_json)
    with answering.errors():
        raise kind("The [file] is gone.", why="It was :bug: moved.", do="Bring it back.")
    out, err = capsys.readouterr()
    assert answering.code is kind.code
    if as_json:
        parts = {"what": "The [file] is gone.", "why": "It was :bug: moved.", "do": "Bring it back."}
        assert json.loads(out) == {"error": {"code": int(kind.code), **parts}}
        assert err == ""
    else:
        assert out == ""
        assert err.splitlines() == [
            "Stopped: The [file] is gone.",
            "Why:     It was :bug: moved.",
            "Next:    Bring it back.",
        ]


def test_an_error_on_github(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One annotation and one summary, whatever the text holds."""
    Answering("judge", Path(), as_json=True).complain(InvalidError("Bad\n::error::<b>", do="gates policy"))
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("::")]
    advice = "To act: the author of the change.%0AOn a laptop, at this commit: gates ship --until judge"
    assert lines == [f"::error title=gates::Bad%0A::error::<b>  gates policy%0A{advice}"]
    summary = output.with_name("summary").read_text()
    assert summary.startswith("## judge: invalid ❌\n\nBad")
    assert "<b>" not in summary.replace("\\<b\\>", "")


def test_a_red_run_says_first_which_gate_by_how_much_and_what_to_do(
    output: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the summary before the table; in the annotation, which is the log's first line."""
    monkeypatch.setenv("GATES_LEDGER", "s3://ada:secret@bucket/ledger")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(output.parent))
    answering = Answering("judge", output.parent / "models/a", as_json=False, flags=["--approver=Ada"])
    answering.screen.say("judging latency")
    answering.tell(Result("fail", "Stopped by latency.", details={"verdicts": [to_document(FAILED)]}))
    log = [line for line in capsys.readouterr().err.splitlines() if line]
    command = "cd models/a && GATES_LEDGER=s3://bucket/ledger gates ship --until judge --approver=Ada"
    told = [
        "latency: p99 250 > 200 ms, missed by 50.",
        "To act: the author of the change, or the owner of a waiver for it.",
        f"On a laptop, at this commit: {command}",
    ]
    assert log[:3] == ["::group::Progress", "· judging latency", "::endgroup::"]
    assert log[3] == f"::error title=latency%3A fail::{'%0A'.join(told)}"
    first = output.with_name("summary").read_text().partition("| gate |")[0]
    assert first.startswith(
        "## judge: fail ❌\n\nStopped by latency.\n\n- latency: p99 250 \\> 200 ms, missed by 50"
    )
    assert told[1].removeprefix("To act: ") in first
    assert f"```sh\n{command}\n```" in first


def test_what_is_red_without_a_verdict_is_annotated_too(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A drill or a reconcile says no as well."""
    tell(Result("tampered", "The alias was moved by hand."), "reconcile")
    err = capsys.readouterr().err
    assert err.startswith(
        "::error title=reconcile%3A tampered ❌::The alias was moved by hand.%0ATo act: security"
    )
    assert "gates audit" in output.with_name("summary").read_text()


def test_of_a_ship_the_job_that_stopped_is_advised_on(output: Path) -> None:
    """Who acts on broken data is not who acts on a broken model."""
    tell(Result("fail", "Refused.", details={"stopped_at": "data"}), "ship")
    summary = output.with_name("summary").read_text()
    assert "the owner of the data" in summary
    assert "\ngates data\n" in summary


def test_a_green_run_and_a_laptop_get_no_advice(
    output: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who typed the command knows it; nobody has to act on a pass."""
    tell(Result("pass", "Fine."))
    assert "To act" not in output.with_name("summary").read_text()
    monkeypatch.delenv("GITHUB_ACTIONS")
    tell(FAILED, "latency")
    out, err = capsys.readouterr()
    assert "To act" not in out + err


@pytest.mark.parametrize(
    ("command", "outcome", "more", "ends"),
    [
        ("judge", "pass", {}, None),
        ("judge", "fail", {}, "decision: fail"),
        ("promote", "pass", {"version": "2", "decided": "fail"}, "v2"),
        ("ship", "pass", {"champion": {"version": "2"}}, "v2"),
        ("promote", "undecided", {"decided": "undecided"}, "decision: undecided"),
    ],
)
def test_the_lineage_is_drawn_once(
    output: Path, command: str, outcome: str, more: dict[str, object], ends: str | None
) -> None:
    """To the champion where it serves, to the decision where it is refused; not where promote comes after."""
    candidate = asdict(examples.decision().candidate)
    details = {"candidate": candidate, "decision": "d" * 64, **more}
    tell(Result(outcome, "So.", details=details), command)
    graph = output.with_name("summary").read_text().partition("```mermaid")[2]
    nodes = [line for line in graph.splitlines() if '["' in line]
    assert bool(nodes) is (ends is not None)
    assert ends is None or ends in nodes[-1]


def test_an_error_is_one_sentence_for_the_next_job(output: Path) -> None:
    """What and what next; no outcome, which would be a verdict."""
    Answering("judge", Path(), as_json=True).complain(
        InvalidError("Bad:\n  a.", why="So.", do="gates policy")
    )
    assert output.read_text() == "sentence=Bad: a. gates policy\n"


def test_a_mistake_of_ours_is_told_with_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, no traceback, and where to find it."""
    answering = Answering("judge", Path("project"), as_json=False)
    with answering.errors():
        raise ZeroDivisionError("by zero")
    err = capsys.readouterr().err
    assert answering.code is ExitCode.INVALID
    assert "gates judge met ZeroDivisionError: by zero" in err
    assert "project/.gates/logs/judge.log" in err
    assert "Traceback" not in err


def test_an_interrupt_is_not_an_error() -> None:
    """It ends the command."""
    with pytest.raises(KeyboardInterrupt), Answering("judge", Path(), as_json=False).errors():
        raise KeyboardInterrupt
