"""The rooms of `gates ship`: what each of the five jobs is given, and what is kept from it."""

import json
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from gates.cli import cli
from gates.errors import ConflictError, ExitCode, GatesError, InvalidError, TamperedError, UnavailableError
from gates.run import ship
from gates.run.project import Project
from gates.run.result import Result
from gates.verdict import Verdict, at_least
from gates.verdict_document import to_document
from tests import examples

LEDGER, KEY = "GATES_LEDGER", "GATES_SIGNING_KEY"
MLFLOW = {f"MLFLOW_TRACKING_{name}" for name in ("URI", "USERNAME", "PASSWORD", "TOKEN")}
STEP = {f"GITHUB_{name}" for name in ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH")}
# What a room needs. Its user's code decides what it may have: `train` and `predict` run it, `data` reads a
# table that nobody has looked at, and only `promote` runs none.
MAY_HAVE: dict[str, set[str]] = {
    "data": set(),
    "train": MLFLOW,
    "predict": {*MLFLOW, LEDGER},
    "judge": {*MLFLOW, LEDGER},
    "promote": {*MLFLOW, LEDGER, KEY},
}
SECRETS = {*MLFLOW, *STEP, LEDGER, KEY}

# Answers as a job does, with the variables that it sees.
JOB = """#!{python}
import json, os, sys
print(json.dumps({{"outcome": "pass", "sentence": "Done.", "seen": dict(os.environ), "told": sys.argv[1:]}}))
"""
BROKEN = """#!{python}
import sys
print({out!r})
sys.exit(7)
"""


@pytest.fixture
def stands_in(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of Python, so that a job does what the test says."""
    path = project.root / "job"
    path.write_text(JOB.format(python=sys.executable))
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))
    return path


def answer(project: Project, job: str) -> ship.Ended:
    """Run one job."""
    return ship._job(project, job, ["--expect", "digest"], lambda _: None)


def test_every_job_is_a_room() -> None:
    """A new job is not given everything by being forgotten."""
    assert set(ship.JOBS) == set(ship.WITHHELD) == set(MAY_HAVE)


@pytest.mark.parametrize("job", ship.JOBS)
@pytest.mark.usefixtures("stands_in")
def test_a_room_has_what_it_needs_and_nothing_else(
    project: Project, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    """The key is kept from the user's code, the step's files from every job; the rest goes through."""
    for name in (*SECRETS, "UNRELATED"):
        monkeypatch.setenv(name, "given")
    ended = answer(project, job)
    seen = ended.result.details["seen"]
    assert {name for name in SECRETS if name in seen} == MAY_HAVE[job]
    assert seen["UNRELATED"] == "given"
    expected = ["-P", "-m", "gates", job, "--json", "--project", str(project.root), "--expect", "digest"]
    assert ended.result.details["told"] == expected


@pytest.mark.parametrize("error", [InvalidError, UnavailableError, ConflictError, TamperedError])
def test_a_jobs_error_is_its_own(project: Project, stands_in: Path, error: type[GatesError]) -> None:
    """With code, what, why and what next."""
    parts = {"code": int(error.code), "what": "Stopped.", "why": "So.", "do": "Mend it."}
    python = stands_in.read_text().splitlines()[0].removeprefix("#!")
    stands_in.write_text(BROKEN.format(python=python, out=json.dumps({"error": parts})))
    with pytest.raises(error) as caught:
        answer(project, "train")
    assert (caught.value.what, caught.value.why, caught.value.do) == ("Stopped.", "So.", "Mend it.")


def test_a_job_without_an_answer(project: Project, stands_in: Path) -> None:
    """Killed, say: its code is told, and how to see more."""
    python = stands_in.read_text().splitlines()[0].removeprefix("#!")
    stands_in.write_text(BROKEN.format(python=python, out="no JSON"))
    with pytest.raises(GatesError, match="`train` ended with code 7") as caught:
        answer(project, "train")
    assert caught.value.code is not ExitCode.PASS
    assert "gates train" in caught.value.do


def test_each_job_is_told_what_the_one_before_handed_on() -> None:
    """The judge also what train and data told, past predict, which runs the user's code."""
    digests = {job: job * 2 for job in ship.JOBS}
    flags = {job: ship._flags(job, digests, "ada") for job in ship.JOBS}
    assert flags["data"] == []
    assert flags["train"] == ["--expect", "datadata"]
    assert flags["promote"] == ["--expect", "judgejudge", "--apply"]
    told = ["--expect", "predictpredict", "--expect-train", "traintrain", "--expect-data", "datadata"]
    assert flags["judge"] == [*told, "--approver", "ada"]
    assert ship._flags("judge", digests, "") == told


@pytest.mark.parametrize(("conflicts", "code"), [(1, 0), (2, 0), (3, ExitCode.CONFLICT)])
def test_who_loses_a_race_is_judged_again_against_the_winner(
    project: Project, monkeypatch: pytest.MonkeyPatch, conflicts: int, code: int
) -> None:
    """Every job runs once more, so the comparison is with who serves now; but not for ever."""
    ran: list[str] = []

    def job(_: Project, name: str, *__: object) -> ship.Ended:
        ran.append(name)
        if name == "promote" and ran.count(name) <= conflicts:
            raise ConflictError("The champion moved.", do="gates ship")
        champion = {"version": "2", "sha": "a" * 64, "run_id": "run"}
        return ship.Ended(Result("pass", "", details=champion | {"verdicts": []}), 0.0)

    monkeypatch.setattr(ship, "_job", job)
    if code:
        with pytest.raises(ConflictError):
            ship.run(project, "")
    else:
        assert ship.run(project, "").outcome == "pass"
    assert ran == [*ship.JOBS] * min(conflicts + 1, ship.COMPARISONS)


class Jobs:
    """Jobs that pass but for one, and which of them ran."""

    def __init__(self, stops: str = "", outcome: str = "fail") -> None:
        self.ran: list[str] = []
        self.stops, self.outcome = stops, outcome

    def __call__(self, _: Project, name: str, *__: object) -> ship.Ended:
        self.ran.append(name)
        outcome = self.outcome if name == self.stops else "pass"
        return ship.Ended(Result(outcome, f"{name} done.", details={"verdicts": []}), 0.0)


@pytest.mark.parametrize("until", ship.JOBS[:-1])
def test_a_rehearsal_ends_with_the_job_that_it_names(
    project: Project, monkeypatch: pytest.MonkeyPatch, until: str
) -> None:
    """Nothing is promoted, and the answer is that job's."""
    monkeypatch.setattr(ship, "_job", jobs := Jobs())
    answer = ship.run(project, "", until)
    assert tuple(jobs.ran) == ship.JOBS[: ship.JOBS.index(until) + 1]
    assert (answer.outcome, answer.sentence) == ("pass", f"{until} done. Nothing moved.")


@pytest.mark.parametrize(("until", "noted"), [("judge", False), ("promote", True)])
def test_a_rehearsal_notes_no_refusal(
    project: Project, monkeypatch: pytest.MonkeyPatch, until: str, *, noted: bool
) -> None:
    """What a laptop shows again stands in the ledger already, if it was noted at all."""
    monkeypatch.setattr(ship, "_job", jobs := Jobs("judge"))
    assert ship.run(project, "", until).exit_code is ExitCode.FAIL
    assert ("promote" in jobs.ran) is noted


def test_a_rehearsal_with_the_champion_completes_no_alias(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no rights to write, and needs none."""
    serves = examples.history(1)
    monkeypatch.setattr(Project, "history", lambda _: serves)
    monkeypatch.setattr(ship, "_job", Jobs("predict", "unchanged"))
    assert ship.run(project, "", "judge").outcome == "unchanged"
    assert not (project.root / "mlflow.db").exists()


def test_until_names_a_job() -> None:
    """Each of them, and nothing else."""
    (option,) = (each for each in cli.commands["ship"].params if each.name == "until")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == ship.JOBS


def test_what_was_decided_is_one_sentence_for_people_and_machines() -> None:
    """As JSON too: which finding stopped it and by how much, or whom the new champion replaced."""
    failed = Verdict("golden", "block", (at_least("auc", 0.7, 0.8),), policy_sha256=examples.POLICY)
    before = {"before": {"version": "1"}, "verdicts": [to_document(failed)]}
    details: dict[str, Any] = {"stopped_at": "judge", **before}
    refused = ship._refused(Result("fail", "Stopped by golden."), details).to_document()
    assert refused["sentence"] == "Refused. golden: auc 0.7000 < 0.8000, missed by 0.1000. v1 stays champion."
    assert "report.html" in refused["look"]
    early = ship._refused(Result("fail", "Stopped by schema."), {"stopped_at": "data", **before})
    assert early.look == "gates status"  # nothing was judged, so there is no report
    details = {"before": None, "champion": {"version": "1", "sha": "a" * 64}, "verdicts": []}
    promoted = ship._promoted(details).to_document()
    assert promoted["sentence"] == "Promoted v1, the first champion."
    assert f"gates show {'a' * 12}" in promoted["look"]
