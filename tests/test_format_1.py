"""What format 1 of envelope, statement, ledger entry and approval wrote is read for ever.

The files in `format_1/` were signed once, with private keys that were thrown away: they are never regenerated
and never edited. Where this test fails, the code has forgotten how to read the ledgers that people have. A
new format version gets a fixture and a test of its own beside these.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from gates import break_glass, digest, ledger, statement
from gates.break_glass import Approval
from gates.digest import canonical_json
from gates.envelope import signers, unseal
from gates.errors import TamperedError
from gates.ledger import History
from gates.public_keys import public_key
from gates.statement import Candidate, Decision
from gates.trust import TrustedKey
from gates.verdict import Outcome, Waiver

FOLDER = Path(__file__).parent / "format_1"
KEYS = (FOLDER / "keys.txt").read_text().split()
ED25519, P256 = KEYS
ENTRIES = {int(path.stem): path.read_bytes() for path in FOLDER.glob("0*.json")}
APPROVAL = (FOLDER / "approval.json").read_bytes()
STATEMENTS = {"statement.json": ED25519, "statement-p256.json": P256}
SHA = "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"


def payload(name: str) -> dict[str, Any]:
    """Open a statement with both keys."""
    trusted = [public_key(key) for key in KEYS]
    return unseal((FOLDER / name).read_bytes(), "application/vnd.in-toto+json", trusted, name)


def history() -> History:
    """Read the ledger."""
    return ledger.read("churn", ENTRIES, [public_key(ED25519)])


def test_the_files_are_those_that_were_signed() -> None:
    """They are never written again, whatever changes: see above."""
    tree = digest.of_tree(FOLDER)
    assert tree == "1488b7d5ec5ed5254defd7fd04c4d63939d82d4e7edba346420f1e1be5327884"


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_says_what_it_said(name: str) -> None:
    """Every field of it, by either kind of key."""
    decision = statement.from_document(payload(name), name)
    assert signers((FOLDER / name).read_bytes()) == [STATEMENTS[name]]
    golden, fairness, latency = (decision.verdicts[place] for place in (1, 0, 2))
    assert replace(decision, verdicts=()) == Decision(
        model="churn",
        candidate=Candidate(
            sha=SHA,
            run_id="run-2",
            commit="c" * 40,
            lock_sha256="1" * 64,
            params_sha256="2" * 64,
            data_sha256="3" * 64,
            data_md5="4" * 32,
            remote="storage",
            golden_version="v1",
            golden_sha256="5" * 64,
            replay_sha256="6" * 64,
        ),
        champion={"seq": 1, "sha256": "a" * 64},
        judged_on=date(2026, 6, 1),
        policy_sha256="0" * 64,
        verdicts=(),
        policy_changes=("gates.golden.min_auc: 0.76 → 0.75",),
    )
    assert decision.outcome is Outcome.PASS
    assert (golden.gate, golden.mode, golden.outcome) == ("golden", "block", Outcome.PASS)
    assert (golden.measurements, golden.inputs) == ({"auc": 0.85}, {"predictions": "1" * 64})
    assert [(each.name, each.observed, each.limit, each.sense) for each in golden.findings] == [
        ("auc", 0.85, 0.8, "at least"),
        ("brier", 0.1, 0.14, "at most"),
    ]
    failed, enough = fairness.findings
    assert (failed.outcome, failed.low, failed.high, failed.note) == (Outcome.FAIL, 0.6, 0.79, "Ü")
    assert failed.waiver == Waiver(
        "fairness",
        "disparate_impact/senior_citizen",
        "agreed with the board",
        "retention team",
        date(2026, 12, 31),
    )
    assert (enough.unit, enough.observed) == ("rows", 1500)
    assert (latency.mode, latency.outcome) == ("report", Outcome.UNDECIDED)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_is_written_as_it_was(name: str) -> None:
    """Byte for byte, so that its digest in old entries goes on to name it."""
    document = payload(name)
    assert canonical_json(statement.to_document(statement.from_document(document))) == canonical_json(
        document
    )


def test_a_ledger_says_what_it_said() -> None:
    """Moves and notes."""
    links = history().links
    assert [(link.entry.seq, link.entry.kind) for link in links] == [
        (1, "refuse"),
        (2, "promote"),
        (3, "promote"),
        (4, "rollback"),
        (5, "repair"),
        (6, "break-glass"),
        (7, "rollback"),
    ]
    served = [each and each.version for each in (link.entry.target for link in links)]
    assert served == [None, "1", "2", "1", "1", "3", "2"]
    assert [link.entry.evidence for link in links] == ["e" * 64, None, None, None, "d" * 64, None, None]
    third = links[2].entry
    assert third.target is not None
    assert vars(third.target) == {
        "sha": SHA,
        "version": "2",
        "run_id": "run-2",
        "folder_sha256": "f" * 64,
        "statement": digest.of_bytes((FOLDER / "statement.json").read_bytes()),
        "approval": None,
    }
    sixth = links[5].entry.target
    assert sixth is not None
    assert sixth.approval == digest.of_bytes(APPROVAL)
    assert (third.reason, third.actor, third.time) == (
        "because promote",
        "ada (run 1 of org/repo)",
        "2026-06-01T12:02:00Z",
    )
    assert third.operation == digest.of_bytes(b"2")
    assert (history().champion, history().since) == (third.target, "2026-06-01T12:06:00Z")


def test_an_entry_is_written_as_it_was() -> None:
    """Byte for byte, whatever fields an entry will have later."""
    for link in history().links:
        opened = unseal(
            ENTRIES[link.entry.seq], "application/vnd.ml-gates.entry+json", [public_key(ED25519)], "x"
        )
        assert canonical_json(ledger.to_document(link.entry)) == canonical_json(opened)


def test_an_approval_says_what_it_said() -> None:
    """Of two people, one with either kind of key."""
    owners = [TrustedKey(ED25519, "Ada"), TrustedKey(P256, "Grace")]
    keys = [public_key(key) for key in KEYS]
    approval = break_glass.read(APPROVAL, keys, owners, "x")
    assert approval == Approval(
        "churn",
        "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce",
        "churn is down",
        datetime(2026, 6, 1, 3, tzinfo=UTC),
        datetime(2026, 6, 2, 3, tzinfo=UTC),
    )
    opened = unseal(APPROVAL, "application/vnd.ml-gates.break-glass+json", keys, "x")
    assert canonical_json(break_glass.to_document(approval)) == canonical_json(opened)


def test_these_files_are_verified_too() -> None:
    """Age is no excuse: a bit of an old file counts as one of a new file does."""
    for seq, data in ENTRIES.items():
        with pytest.raises(TamperedError):
            ledger.read("churn", ENTRIES | {seq: data.replace(b"A", b"B", 1)}, [public_key(ED25519)])
