"""The decision about one candidate: an in-toto Statement v1 over the verdicts of all gates.

    {"_type": "https://in-toto.io/Statement/v1",
     "subject": [{"name": <model>, "digest": {"sha256": <the model's SHA>}}],
     "predicateType": "urn:ml-gates:decision:v1",
     "predicate": {"candidate": {…digests…}, "champion": {"seq", "sha256"} | null, "judged_on": <date>,
                   "outcome": <pass | fail | undecided>, "policy_changes": [ … ], "policy_sha256": …,
                   "verdicts": [ … ]}}

It holds no clock time and no name of a machine, so a laptop and a CI job write the same bytes for the same
inputs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from gates import digest, verdict_document
from gates.documents import Document
from gates.errors import InvalidError, TamperedError
from gates.verdict import Outcome, Verdict, overall

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:ml-gates:decision:v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True)
class Candidate:
    """What was judged: the model and everything that it was made of, by digest.

    Attributes:
        sha: The model's SHA: content address of model file and signature.
        run_id: The MLflow run that recorded the training.
        commit: The git commit of code, parameters and contract.
        lock_sha256: Digest of dvc.lock as this training left it.
        params_sha256: Digest of params.yaml.
        data_sha256: Digest of the raw data, re-hashed.
        data_md5: What DVC calls the raw data.
        remote: The DVC remote that holds it.
        golden_version: Version of the golden set.
        golden_sha256: Digest over its features and labels.
        replay_sha256: Digest of the golden rows that are kept with its scores.
        exhibits_sha256: Digest of what a report draws; empty in statements of before there were reports.
    """

    sha: str
    run_id: str
    commit: str
    lock_sha256: str
    params_sha256: str
    data_sha256: str
    data_md5: str
    remote: str
    golden_version: str
    golden_sha256: str
    replay_sha256: str
    exhibits_sha256: str = ""

    def to_document(self) -> Document:
        """Return it as plain JSON data; a digest that is empty is left out, as in statements without it."""
        document = dict(vars(self))
        if not self.exhibits_sha256:
            del document["exhibits_sha256"]
        return document


@dataclass(frozen=True)
class Decision:
    """A statement, read: see the module's docstring for the fields."""

    model: str
    candidate: Candidate
    champion: Mapping[str, Any] | None
    judged_on: date
    policy_sha256: str
    verdicts: tuple[Verdict, ...]
    policy_changes: tuple[str, ...] = ()

    @cached_property
    def outcome(self) -> Outcome:
        """The outcome over all gates that may block."""
        return overall(self.verdicts)

    @cached_property
    def sha256(self) -> str:
        """Digest of its statement, by which ledger and evidence name it."""
        return digest.of_document(to_document(self))


def to_document(decision: Decision) -> Document:
    """Return the in-toto Statement of a decision; verdicts are sorted by gate."""
    verdicts = sorted(decision.verdicts, key=lambda verdict: verdict.gate)
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": decision.model, "digest": {"sha256": decision.candidate.sha}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "candidate": decision.candidate.to_document(),
            "champion": dict(decision.champion) if decision.champion else None,
            "judged_on": decision.judged_on.isoformat(),
            "outcome": decision.outcome.value,
            "policy_changes": list(decision.policy_changes),
            "policy_sha256": decision.policy_sha256,
            "verdicts": [verdict_document.to_document(verdict) for verdict in verdicts],
        },
    }


def from_document(document: Document, name: str = "statement") -> Decision:
    """Return the decision in a statement.

    Raises:
        TamperedError: It is not exactly what `to_document` writes: a field more or less, a verdict doubled,
            an outcome that its findings do not give, a waiver that had expired.
    """
    try:
        predicate = document["predicate"]
        decision = Decision(
            model=document["subject"][0]["name"],
            candidate=Candidate(**predicate["candidate"]),
            champion=predicate["champion"],
            judged_on=date.fromisoformat(predicate["judged_on"]),
            policy_sha256=predicate["policy_sha256"],
            policy_changes=tuple(predicate["policy_changes"]),
            verdicts=tuple(verdict_document.read(verdict, name) for verdict in predicate["verdicts"]),
        )
        texts = [decision.model, decision.policy_sha256, *vars(decision.candidate).values()]
        if not all(isinstance(text, str) for text in (*texts, *decision.policy_changes)):
            raise TypeError("a text is not one")
        same = decision.sha256 == digest.of_document(document)
    except (KeyError, IndexError, TypeError, ValueError, InvalidError) as error:
        why = f"It has no {error}." if isinstance(error, KeyError) else f"{str(error).rstrip('.')}."
        raise TamperedError(
            f"{name} is not a statement of ours.", why=why, do="Judge again: gates judge"
        ) from error
    gates = [verdict.gate for verdict in decision.verdicts]
    if not same or len(set(gates)) != len(gates) or _outlived(decision):
        raise TamperedError(f"{name} was changed after it was written.", do="Judge again: gates judge")
    return decision


def _outlived(decision: Decision) -> bool:
    waivers = [finding.waiver for verdict in decision.verdicts for finding in verdict.findings]
    return any(waiver and waiver.expires < decision.judged_on for waiver in waivers)


def require_promotable(
    decision: Decision, gates: Iterable[str], modes: Mapping[str, str], policy_sha256: str
) -> None:
    """Refuse a decision that does not hold one verdict of every gate of this policy, in its mode.

    Raises:
        TamperedError: A gate is missing or unknown, its mode is not the policy's, or another policy judged.
    """
    expected, judged = set(gates), {verdict.gate for verdict in decision.verdicts}
    if expected != judged:
        odd = ", ".join(sorted(expected ^ judged))
        raise TamperedError(
            f"The statement does not hold one verdict of every gate: {odd}.", do="gates judge"
        )
    policies = {
        decision.policy_sha256,
        policy_sha256,
        *(verdict.policy_sha256 for verdict in decision.verdicts),
    }
    if len(policies) != 1 or any(modes[verdict.gate] != verdict.mode for verdict in decision.verdicts):
        raise TamperedError(
            "The statement was judged under another policy than params.yaml's.", do="gates judge"
        )


def blocking(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that stop a promotion, failed ones before undecided ones."""
    return sorted(
        (each for each in verdicts if each.blocks), key=lambda each: each.outcome is Outcome.UNDECIDED
    )
