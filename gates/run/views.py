"""What the ledger knows: who serves, who served, and what a model was made of."""

from typing import Any

from gates.documents import Document
from gates.errors import InvalidError
from gates.ledger import Champion, Entry
from gates.paths import require_regular_file
from gates.run import serving
from gates.run.project import Project
from gates.statement import Decision


def status(project: Project) -> Document:
    """Return the champion with version, SHA, run and since when, or null."""
    history = project.history()
    champion = history.champion
    if champion is None:
        return {"model": project.model, "champion": None, "ledger": project.store.place}
    serving.decision(project, history, champion)  # who has no statement does not serve
    shown: dict[str, Any] = {
        "version": champion.version,
        "sha": champion.sha,
        "run_id": champion.run_id,
        "since": history.since,
    }
    if champion.approval:
        shown["break_glass"] = serving.glass(project, history, champion)
    return {"model": project.model, "champion": shown, "ledger": project.store.place}


def history(project: Project) -> Document:
    """Return every entry of the ledger, newest first."""
    links = reversed(project.history().links)
    return {"model": project.model, "entries": [_entry(link.entry) for link in links]}


def show(project: Project, target: str) -> Document:
    """Return the way back from a SHA or version: registry, run, commit, data, remote, and its decision.

    Raises:
        InvalidError: The ledger does not know it.
        TamperedError: Its statement does not verify.
    """
    champion, decision = find(project, target)
    candidate = decision.candidate
    serves = project.history()
    glass = {}
    if serves.champion and serves.champion.sha == champion.sha and serves.champion.approval:
        glass = {"break_glass": serving.glass(project, serves, serves.champion)}
    return {
        **glass,
        "sha": champion.sha,
        "registry": f"models:/{project.model}/{champion.version}",
        "run_id": champion.run_id,
        "commit": candidate.commit,
        "data": {
            "path": project.policy.project.data.raw,
            "md5": candidate.data_md5,
            "sha256": candidate.data_sha256,
        },
        "remote": candidate.remote,
        "dvc_lock_sha256": candidate.lock_sha256,
        "golden": {"version": candidate.golden_version, "sha256": candidate.golden_sha256},
        "policy_sha256": decision.policy_sha256,
        "statement": champion.statement,
        "judged_on": decision.judged_on.isoformat(),
        "gates": {verdict.gate: verdict.outcome.value for verdict in decision.verdicts},
    }


def policy(project: Project) -> Document:
    """Return the whole policy as params.yaml declares it, defaults filled in.

    Raises:
        InvalidError: It has mistakes, or names a contract that is not there.
    """
    declared = project.policy
    blocks = {name: gate.model_dump(mode="json") for name, gate in declared.blocks.items()}
    for name, value in blocks["schema"].items():
        if name.endswith("_contract"):
            require_regular_file(project.root / value)
    return {**declared.project.model_dump(mode="json"), **blocks, "policy_sha256": declared.sha256}


def find(project: Project, target: str) -> tuple[Champion, Decision]:
    """Return a champion, present or past, with the decision that let it in.

    Raises:
        InvalidError: The ledger does not know it.
        TamperedError: Its statement does not verify, or is about another model.
    """
    past = project.history()
    if not past.links:
        raise InvalidError(f"The ledger of {project.model} is empty.", do="Promote a model first: gates ship")
    champion = past.find(target)
    return champion, serving.decision(project, past, champion)


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "from": entry.origin.version if entry.origin else None,
        "to": entry.target.version if entry.target else None,
        "sha": entry.target.sha if entry.target else None,
        "evidence": entry.evidence,
        "reason": entry.reason,
        "actor": entry.actor,
        "time": entry.time,
    }
