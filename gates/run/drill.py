"""`gates drill`: a rehearsal of the rollback on a scratch model, with the real champion, registry and ledger.

A copy of the champion is promoted under a scratch name, then a dummy that is broken; the rollback has to
bring the copy back. What the registry got is deleted; the scratch model's ledger stays, as every ledger does.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gates import digest
from gates.adapters import dummy, trial
from gates.adapters.model import SIGNATURE_FILE
from gates.adapters.registry import Registry
from gates.adapters.tracking import Tracking
from gates.adapters.trial import Trial
from gates.errors import (
    ConflictError,
    GatesError,
    InvalidError,
    TamperedError,
    UnavailableError,
    UndecidedError,
)
from gates.ledger import Champion, History
from gates.plans import promote as promotion
from gates.plans.steps import Append, Put
from gates.policy_blocks import SCRATCH
from gates.run import rollback, serving
from gates.run.carry_out import append, carry_out
from gates.run.project import Project
from gates.run.result import Result
from gates.statement import Decision
from gates.verdict import Outcome


def run(project: Project) -> Result:
    """Rehearse, note the report in the ledger, and fail where a step failed or all took too long.

    Raises:
        UndecidedError: There is no champion that a gate has passed.
        TamperedError: The ledger or the champion's statement does not hold.
        UnavailableError: A system did not answer; nothing is noted.
        ConflictError: Another drill of this model is under way.
    """
    history = project.history()
    champion = history.champion
    if champion is None or champion.approval:
        raise UndecidedError(
            f"{project.model} has no champion that its gates have passed.", do="Promote one first: gates ship"
        )
    decision = serving.decision(project, history, champion)
    failed, seconds = "", {}
    with _stage(project, decision, champion) as stage:
        for name, step in stage.steps.items():
            project.say(name)
            started = time.monotonic()
            try:
                step()
            except (UnavailableError, ConflictError):
                raise  # nothing was learnt about the rollback
            except GatesError as error:
                failed = f"{name}: {error.what}"
                break
            finally:
                seconds[name] = round(time.monotonic() - started, 2)
    return _report(project, champion, seconds, failed)


@dataclass
class _Stage:
    """The scratch model and what the rehearsal does with it, in this order."""

    project: Project
    registry: Registry
    tracking: Tracking
    trying: Trial
    decision: Decision
    original: Champion
    rows: bytes
    folder: Path
    dummy_run: str = ""

    @property
    def steps(self) -> dict[str, Callable[[], None]]:
        """What happens, in this order."""
        return {
            "promote a copy of the champion": self.promote_copy,
            "promote a dummy over it": self.promote_dummy,
            "break the dummy": self.break_dummy,
            "roll back": self.roll_back,
            "see the copy serve": self.see_copy,
        }

    def promote_copy(self) -> None:
        """Promote a copy of the champion."""
        self._promote(self.decision, self.rows)

    def promote_dummy(self) -> None:
        """Promote a dummy over it, and see that it would serve."""
        policy = self.project.policy.project
        history, champion = self._champion()
        copy = serving.fetch(self.project, self.registry, history, champion, self.folder / "copy")
        signature = copy / SIGNATURE_FILE
        training, rows = dummy.training(
            self.folder / "dummy", signature, self.rows, policy.trusted_types, policy.task
        )
        self.dummy_run = self.tracking.record(training)
        candidate = replace(
            self.decision.candidate,
            sha=training.tags["model_sha"],
            run_id=self.dummy_run,
            replay_sha256=digest.of_bytes(rows),
        )
        self._promote(replace(self.decision, candidate=candidate), rows)
        rollback.verify(self.project, self.registry, self.trying, *self._champion())

    def break_dummy(self) -> None:
        """Break it, and see that it would not."""
        self.registry.delete_version(self._champion()[1].version)
        try:
            rollback.verify(self.project, self.registry, self.trying, *self._champion())
        except (InvalidError, TamperedError):
            return
        raise GatesError("A version that was deleted still verifies.", do="Look at the registry.")

    def roll_back(self) -> None:
        """Roll back."""
        rollback.run(self.project, "previous", "drill", apply=True)

    def see_copy(self) -> None:
        """See that the copy serves: digest, golden scores and alias."""
        history, champion = self._champion()
        if champion.sha != self.original.sha or self.registry.champion_version() != champion.version:
            raise TamperedError(
                "The rollback did not bring the champion's copy back.", do="Look at the ledger of the drill."
            )
        rollback.verify(self.project, self.registry, self.trying, history, champion)

    def _promote(self, decision: Decision, rows: bytes) -> None:
        history = self.project.history()
        moved = history.moved
        head = {"seq": moved.entry.seq, "sha256": moved.sha256} if moved else None
        decided = replace(decision, model=self.project.model, champion=head)
        if decided.outcome is not Outcome.PASS:
            raise ValueError("what serves was passed")
        steps = promotion.plan(history, decided, [Put(rows, "golden rows with their scores")])
        carry_out(self.project, self.registry, steps, history)

    def _champion(self) -> tuple[History, Champion]:
        history = self.project.history()
        champion = history.champion
        if champion is None:
            raise ValueError("promoted a moment ago")
        return history, champion


@contextmanager
def _stage(project: Project, decision: Decision, champion: Champion) -> Iterator[_Stage]:
    """Set the stage, and leave nothing of it in the registry, whatever happens on it."""
    scratch = replace(project, scratch=f"{project.model}{SCRATCH}")
    with tempfile.TemporaryDirectory() as temporary, trial.start(project.log) as trying:
        registry = Registry(scratch.root, scratch.model)
        tracking = Tracking(scratch.root, scratch.model)
        rows = project.store.get(decision.candidate.replay_sha256)
        stage = _Stage(scratch, registry, tracking, trying, decision, champion, rows, Path(temporary))
        registry.delete_model()  # of a drill that was killed
        try:
            yield stage
        finally:
            try:
                registry.delete_model()
                if stage.dummy_run:
                    tracking.delete_run(stage.dummy_run)
            except UnavailableError as error:  # the drill has its answer; the next one begins by deleting
                project.say(f"something of {scratch.model} is left in MLflow: {error.what}")


def _report(project: Project, champion: Champion, seconds: dict[str, float], failed: str) -> Result:
    """Note how it went in the ledger of the model that was rehearsed, and tell it."""
    total, limit = round(sum(seconds.values()), 2), project.policy.project.drill_limit_s
    if failed:
        sentence = f"The drill failed at {failed}"
    elif total > limit:
        sentence = f"The drill took {total} s; at most {limit:g} s are allowed (gates.drill_limit_s)."
    else:
        sentence = f"Rolled back to a copy of v{champion.version} in {total} s, of {limit:g} s allowed."
    passed = not failed and total <= limit
    details = {"version": champion.version, "sha": champion.sha, "steps_s": seconds, "total_s": total}
    report = digest.canonical_json({**details, "limit_s": limit, "passed": passed, "sentence": sentence})
    evidence = project.store.put(report)
    history = project.history()
    operation = digest.of_document(["drill", history.head.sha256 if history.head else None, evidence])
    append(project, history, Append(operation, "drill", None, sentence, evidence))
    return Result("pass" if passed else "fail", sentence, look="gates history", details=details)
