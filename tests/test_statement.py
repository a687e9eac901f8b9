"""Tests of `gates.statement`: a decision is exactly what was judged, or it is refused."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from gates import statement
from gates.digest import canonical_json
from gates.documents import parse_json
from gates.envelope import seal, unseal
from gates.errors import ExitCode, TamperedError
from gates.statement import PAYLOAD_TYPE, Candidate, Decision, from_document, require_promotable, to_document
from gates.verdict import Outcome, Verdict, Waiver, at_least, waive
from gates.verdict_document import to_document as verdict_document
from tests.examples import GOLDEN, LATENCY, MODEL, MODES, OURS, POLICY, TODAY, changed, decision, history, sha

WAIVER = Waiver("golden", "auc", "agreed with the board", "retention team", TODAY)
WAIVED = Verdict(
    "golden", "block", waive("golden", [at_least("auc", 0.7, 0.8)], [WAIVER], TODAY), policy_sha256=POLICY
)
FAILED = changed(GOLDEN, findings=(at_least("auc", 0.7, 0.8),))
OPEN = changed(LATENCY, findings=())

Edit = Callable[[dict[str, Any]], object]


def verdicts(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the verdicts in a statement."""
    found: list[dict[str, Any]] = document["predicate"]["verdicts"]
    return found


def finding(document: dict[str, Any]) -> dict[str, Any]:
    """Return the first finding of the first verdict in a statement."""
    found: dict[str, Any] = verdicts(document)[0]["findings"][0]
    return found


EDITS: dict[str, Edit] = {
    "outcome flipped": lambda d: d["predicate"].update(outcome="pass"),
    "verdict flipped": lambda d: verdicts(d)[0].update(outcome="pass"),
    "verdict and outcome flipped": lambda d: (
        verdicts(d)[0].update(outcome="pass"),
        d["predicate"].update(outcome="pass"),
    ),
    "all outcomes flipped": lambda d: (
        finding(d).update(outcome="pass"),
        verdicts(d)[0].update(outcome="pass"),
        d["predicate"].update(outcome="pass"),
    ),
    "threshold lowered": lambda d: finding(d).update(limit=0.6),
    "figure raised": lambda d: finding(d).update(observed=0.9),
    "figure as text": lambda d: finding(d).update(observed="0.7"),
    "failed finding dropped": lambda d: verdicts(d)[0].update(findings=[]),
    "gate dropped": lambda d: verdicts(d).pop(0),
    "all gates dropped": lambda d: verdicts(d).clear(),
    "gate duplicated": lambda d: verdicts(d).insert(0, verdicts(d)[0]),
    "gate duplicated by a passing one": lambda d: verdicts(d).insert(1, verdict_document(GOLDEN)),
    "gates reordered": lambda d: verdicts(d).reverse(),
    "gate set to report": lambda d: verdicts(d)[0].update(mode="report"),
    "mode unknown": lambda d: verdicts(d)[0].update(mode="Report"),
    "verdict with an unknown field": lambda d: verdicts(d)[0].update(note="x"),
    "another model's subject": lambda d: d["subject"][0]["digest"].update(sha256=sha(9)),
    "subject doubled": lambda d: d["subject"].append(d["subject"][0]),
    "subject gone": lambda d: d.pop("subject"),
    "subject empty": lambda d: d["subject"].clear(),
    "subject with a second digest": lambda d: d["subject"][0]["digest"].update(md5="x"),
    "model swapped in the candidate alone": lambda d: d["predicate"]["candidate"].update(sha=sha(9)),
    "candidate without a commit": lambda d: d["predicate"]["candidate"].pop("commit"),
    "candidate with more": lambda d: d["predicate"]["candidate"].update(approved="yes"),
    "candidate null": lambda d: d["predicate"].update(candidate=None),
    "champion a text": lambda d: d["predicate"].update(champion="none"),
    "champion a number": lambda d: d["predicate"].update(champion=5),
    "champion empty": lambda d: d["predicate"].update(champion={}),
    "champion a list": lambda d: d["predicate"].update(champion=[["seq", 1]]),
    "champion gone": lambda d: d["predicate"].pop("champion"),
    "day in another form": lambda d: d["predicate"].update(judged_on="20260601"),
    "day null": lambda d: d["predicate"].update(judged_on=None),
    "type of statement": lambda d: d.update(_type="https://in-toto.io/Statement/v0.1"),
    "type of predicate": lambda d: d.update(predicateType="urn:ml-gates:decision:v2"),
    "unknown field": lambda d: d.update(comment="x"),
    "unknown field of the predicate": lambda d: d["predicate"].update(comment="x"),
    "predicate a list": lambda d: d.update(predicate=[]),
    "predicate gone": lambda d: d.pop("predicate"),
    "verdicts an object": lambda d: d["predicate"].update(verdicts={"golden": {}}),
    "verdicts null": lambda d: d["predicate"].update(verdicts=None),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_statement_is_tampered(edit: Edit) -> None:
    """A refusal that someone wants to see promoted: whatever is edited, exit code 6 and the file named."""
    document = to_document(replace(decision(), verdicts=(FAILED, LATENCY)))
    edit(document)
    with pytest.raises(TamperedError, match=r"^the file ") as caught:
        from_document(document, "the file")
    assert caught.value.code == ExitCode.TAMPERED
    assert caught.value.do


def test_what_was_written_is_read() -> None:
    """Document, signature, bytes and back: the same decision and outcome."""
    for made in (decision(), decision(2, history(1).head), replace(decision(), verdicts=(WAIVED, OPEN))):
        document = to_document(made)
        assert from_document(document) == made
        sealed = seal(document, PAYLOAD_TYPE, OURS.signer)
        assert from_document(unseal(sealed, PAYLOAD_TYPE, [OURS.key], "x")) == made
        assert from_document(parse_json(canonical_json(document), "x")).outcome is made.outcome


def test_it_is_an_in_toto_statement_about_the_model_s_sha() -> None:
    """Other tools find type, subject and predicate where the specification puts them."""
    document = to_document(decision())
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["subject"] == [{"name": MODEL, "digest": {"sha256": sha(1)}}]
    assert set(document) == {"_type", "subject", "predicateType", "predicate"}


def test_the_same_inputs_give_the_same_bytes() -> None:
    """The order in which gates were judged does not matter."""
    turned = replace(decision(), verdicts=(LATENCY, GOLDEN))
    assert canonical_json(to_document(turned)) == canonical_json(to_document(decision()))


@pytest.mark.parametrize("name", [field.name for field in fields(Candidate)])
def test_every_digest_of_the_candidate_is_bound(name: str) -> None:
    """Commit, run, data, golden set, parameters: another one is another statement."""
    other = replace(decision().candidate, **{name: "9" * 64})
    assert canonical_json(to_document(replace(decision(), candidate=other))) != canonical_json(
        to_document(decision())
    )


def test_a_waiver_that_had_expired_on_the_day_of_judgement_is_tampered() -> None:
    """On its last day it counts; put into a later decision it does not."""
    waived = replace(decision(), verdicts=(WAIVED, LATENCY))
    assert from_document(to_document(waived)).outcome is Outcome.PASS
    late = replace(waived, judged_on=TODAY + timedelta(days=1))
    with pytest.raises(TamperedError):
        from_document(to_document(late))


def test_the_outcome_is_that_of_the_gates_that_block() -> None:
    """No verdict, and reports only, are undecided."""
    outcomes = [
        replace(decision(), verdicts=verdicts).outcome
        for verdicts in [
            (),
            (GOLDEN, LATENCY),
            (GOLDEN, OPEN),
            (FAILED, OPEN),
            (changed(GOLDEN, mode="report"),),
        ]
    ]
    assert outcomes == [
        Outcome.UNDECIDED,
        Outcome.PASS,
        Outcome.UNDECIDED,
        Outcome.FAIL,
        Outcome.UNDECIDED,
    ]


UNPROMOTABLE: dict[str, Decision] = {
    "gate missing": replace(decision(), verdicts=(GOLDEN,)),
    "no gate": replace(decision(), verdicts=()),
    "unknown gate": replace(decision(), verdicts=(GOLDEN, LATENCY, changed(LATENCY, gate="smell"))),
    "other gates": replace(decision(), verdicts=(GOLDEN, changed(LATENCY, gate="smell"))),
    "mode that is not the policy's": replace(decision(), verdicts=(changed(GOLDEN, mode="report"), LATENCY)),
    "another policy": replace(decision(), policy_sha256="9" * 64),
    "a verdict of another policy": replace(
        decision(), verdicts=(changed(GOLDEN, policy_sha256="9" * 64), LATENCY)
    ),
    "a verdict of no policy": replace(decision(), verdicts=(changed(GOLDEN, policy_sha256=""), LATENCY)),
    "all of another policy": replace(
        decision(),
        policy_sha256="9" * 64,
        verdicts=(changed(GOLDEN, policy_sha256="9" * 64), changed(LATENCY, policy_sha256="9" * 64)),
    ),
}


@pytest.mark.parametrize("made", UNPROMOTABLE.values(), ids=UNPROMOTABLE)
def test_a_decision_that_is_not_this_policy_s_is_not_promoted(made: Decision) -> None:
    """Each gate of the policy, in its mode, under this policy: nothing less, nothing more."""
    with pytest.raises(TamperedError) as caught:
        require_promotable(made, MODES, MODES, POLICY)
    assert caught.value.do


def test_a_decision_of_this_policy_may_go_on() -> None:
    """Whether it passes is asked elsewhere."""
    require_promotable(decision(), MODES, MODES, POLICY)
    require_promotable(replace(decision(), verdicts=(FAILED, LATENCY)), MODES, MODES, POLICY)


def test_odd_gates_are_named() -> None:
    """The one that is missing and the one that is too many."""
    with pytest.raises(TamperedError, match=r"latency, smell\.$"):
        require_promotable(UNPROMOTABLE["other gates"], MODES, MODES, POLICY)


def test_what_blocks_is_listed_failures_first() -> None:
    """Passing gates and reports do not block."""
    report = changed(FAILED, gate="fairness", mode="report")
    assert statement.blocking([OPEN, report, FAILED, GOLDEN]) == [FAILED, OPEN]


def test_the_edits_start_from_a_good_statement() -> None:
    """What the cases above edit reads as a refusal before the edit."""
    document = to_document(replace(decision(), verdicts=(FAILED, LATENCY)))
    assert from_document(deepcopy(document)).outcome is Outcome.FAIL
