"""Projects with long ledgers, of promotions and refusals as gates decide them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from gates import digest, ledger, statement
from gates.adapters import keys
from gates.adapters.console import Screen
from gates.documents import Document
from gates.envelope import seal
from gates.ledger import Champion
from gates.run.project import Project
from gates.statement import Decision
from gates.verdict import Outcome
from tests.checks.project import PARAMS

BEGAN = datetime(2026, 6, 1, 12, tzinfo=UTC)


def write(root: Path, model: str, decision: Decision, drawn: Document, entries: int) -> Project:
    """Write a project whose ledger has so many entries: every third decision was refused.

    Args:
        root: Its folder.
        model: Its model's name.
        decision: A decision that passes; each entry's is about another model file.
        drawn: Its exhibits.
        entries: How many.
    """
    root.mkdir(parents=True)
    params = {**PARAMS, "gates": {**PARAMS["gates"], "model": model}}
    (root / "params.yaml").write_text(yaml.safe_dump(params), "utf-8")
    made = opened(root)
    signer, _ = keys.signer(root)
    made.store.put(digest.canonical_json(drawn))
    for number in range(1, entries + 1):
        history = made.history()
        moved = history.moved
        decided = replace(
            decision,
            model=model,
            champion={"seq": moved.entry.seq, "sha256": moved.sha256} if moved else None,
            candidate=replace(decision.candidate, sha=digest.of_bytes(str(number).encode())),
        )
        if number % 3 == 0:
            decided = _refused(decided)
        kept = made.store.put(seal(statement.to_document(decided), statement.PAYLOAD_TYPE, signer))
        target = Champion(decided.candidate.sha, str(number), "run-1", "f" * 64, kept)
        refused = decided.outcome is not Outcome.PASS
        entry = ledger.next_entry(
            history,
            operation=f"operation {number}",
            kind="refuse" if refused else "promote",
            target=None if refused else target,
            reason="because",
            actor="ada",
            time=BEGAN + timedelta(minutes=number),
            evidence=kept if refused else None,
        )
        made.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))
    return made


def opened(root: Path) -> Project:
    """Open a project as a command does."""
    return Project(root, root / "log", Screen())


def _refused(decision: Decision) -> Decision:
    first = decision.verdicts[0]
    finding = replace(first.findings[0], outcome=Outcome.UNDECIDED)
    return replace(
        decision, verdicts=(replace(first, findings=(finding, *first.findings[1:])), *decision.verdicts[1:])
    )
