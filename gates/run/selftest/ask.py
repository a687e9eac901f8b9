"""Asking everybody who could refuse a candidate: the jobs' digests, the gates, and what a promotion asks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gates import checks, digest, statement
from gates.adapters import model
from gates.defects import fitting
from gates.defects.case import GIT, PARAMS, SERVING, STATEMENT
from gates.documents import read_json
from gates.errors import GatesError, UnavailableError
from gates.render import sentences
from gates.run import gate, handoff, judge, named_metrics, preconditions
from gates.run.judge import Expected
from gates.run.project import Project, now
from gates.run.selftest.copy import Copy
from gates.verdict import Verdict

METRICS = "candidate/metrics.json"
PREDICTIONS = "candidate/predictions.parquet"


@dataclass(frozen=True)
class Objection:
    """Somebody who refuses, and why."""

    who: str
    why: str


@dataclass(frozen=True)
class Heard:
    """What everybody said: objections, the first to come first, and the verdicts of the gates."""

    objections: tuple[Objection, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def who(self) -> list[str]:
        """Who objects, each once."""
        return list(dict.fromkeys(each.who for each in self.objections))


def everybody(
    made: Copy, told: Expected, *, promotes: bool, approver: str = "", sound: Sequence[Verdict] = ()
) -> Heard:
    """Ask as `judge` and `promote` do, but everybody, whoever has objected before.

    Args:
        made: The copy.
        told: Digests of the manifests, as the jobs told them.
        promotes: Ask too what a promotion asks of the decision.
        approver: Who approves a first model.
        sound: Verdicts about the copy without a defect: a gate that reads nothing that was changed since
            says the same again, and is not asked.

    Raises:
        UnavailableError: The disk is full, or a program of the project's did not answer.
    """
    project = made.project
    objections: list[Objection] = []
    verdicts: list[Verdict] = []

    @contextmanager
    def hearing(who: str) -> Iterator[None]:
        try:
            yield
        except UnavailableError:
            raise
        except GatesError as error:
            objections.append(objection(project, who, error))

    with hearing("policy"):
        _ = project.policy
    if objections:
        return Heard(tuple(objections), ())
    with hearing("hand-over"):
        judge.handed_on(project, told)
        served = [project.model_folder / name for name in model.SERVED_FILES]
        handoff.read(project, "train", told.train, served)
    with hearing("judge"):
        predicted = read_json(project.candidate / "predict.json")
        judge.require_same_champion(predicted, read_json(project.root / SERVING))
        if not sound or made.touched & _of_metrics(project):
            _take_metrics(made)
    said = {verdict.gate: verdict for verdict in sound}
    for name in project.policy.gates:
        if name in said and not _changed(project, name, made.touched):
            verdicts.append(said[name])
            continue
        with hearing(name):
            given = {"approver": approver} if name == "champion" and approver else {}
            verdicts.append(verdict := gate.judge(project, name, given, now().date()))
            if verdict.blocks:
                objections.append(Objection(name, sentences.why_not(verdict)))
    if promotes:
        with hearing("promote"):
            decision = statement.from_document(read_json(project.root / STATEMENT))
            commit = handoff.text(read_json(project.root / GIT), "commit")
            preconditions.require_about(project, decision, commit)
    return Heard(tuple(objections), tuple(verdicts))


def objection(project: Project, who: str, error: GatesError) -> Objection:
    """Return an error as somebody's objection, on one line and without the place of the copy."""
    why = " ".join(f"{error.what} {error.why}".split())
    return Objection(who, why.replace(f"{project.root}/", ""))


def told(made: Copy) -> Expected:
    """Return the digests of the manifests as they are."""
    return Expected(**fitting.told(made.root))


def _take_metrics(made: Copy) -> None:
    if taken := named_metrics.taken(made.project):
        made.write({METRICS: digest.canonical_json(taken)})


def _of_metrics(project: Project) -> set[str]:
    """Return the files that the figures of named metrics follow from."""
    golden = project.policy.project.golden_set
    return {PARAMS, PREDICTIONS, golden.features, golden.labels}


def _changed(project: Project, name: str, touched: frozenset[str]) -> bool:
    """Return whether anything was changed that a gate reads: its inputs, the policy, what dvc.lock names."""
    reads = set()
    for field in checks.input_fields(checks.load(name)):
        with suppress(KeyError):  # an input that nobody has a value for
            value = gate.lookup(project, name, field)
            reads |= {value} if isinstance(value, Path) else set()
    if project.lock in reads or PARAMS in touched:
        return True
    changed = {project.root / each for each in touched}
    return any(each == file or file in each.parents for each in changed for file in reads)
