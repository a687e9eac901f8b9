"""`gates audit`: what served when, who put it there, on which evidence, and whether it still holds."""

import contextlib
from datetime import UTC, datetime
from typing import Any

from gates.adapters.registry import Registry
from gates.errors import InvalidError, TamperedError
from gates.ledger import History, Link
from gates.plans.reconcile import Deviation
from gates.run import known, reconcile, serving
from gates.run.project import Project
from gates.run.result import Result

MOMENTS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d")
WRITTEN = MOMENTS[0]
DECIDED = ("promote", "refuse", "break-glass")  # kinds of entries that a statement stands behind


def run(project: Project, at: str) -> Result:
    """Verify chain, signatures, statements, evidence and the digests of all models that served, and report.

    Args:
        project: The project.
        at: A moment in UTC for which to answer who served; empty for now.

    Raises:
        TamperedError: The ledger itself does not verify.
        InvalidError: ``at`` is no moment, or no key is known.
        UnavailableError: A system did not answer.
    """
    moment = _moment(at)
    with known.told(known.NOTHING_CHANGED):
        project.say("verifying every statement and every model that ever served")
        history, deviations = reconcile.compared(project, Registry(project.root, project.model))
        project.say("looking for the evidence of every entry")
        deviations += _missing(project, history)
    details = {
        "model": project.model,
        "ledger": project.store.place,
        "at": moment,
        "served": _served(project, history, moment),
        "entries": [_entry(project, history, link) for link in history.links],
        "deviations": [each.to_document() for each in deviations],
    }
    count = len(history.links)
    if deviations:
        things = "1 thing is" if len(deviations) == 1 else f"{len(deviations)} things are"
        sentence = f"{count} entries verify, but {things} not as they say."
        return Result("tampered", sentence, look="gates reconcile", details=details)
    sentence = f"{count} entries verify with their evidence, and every model is as it was promoted."
    return Result("pass", sentence, details=details)


def _missing(project: Project, history: History) -> list[Deviation]:
    """Return what an entry or its statement names, and the ledger does not keep as it was."""
    seen: set[str] = set()
    found = []
    for link in history.links:
        version = link.entry.target.version if link.entry.target else ""
        for name, sha256 in _named(project, link).items():
            if sha256 not in seen:
                seen.add(sha256)
                try:
                    project.store.get(sha256)
                except TamperedError as error:
                    what = f"{name} of entry {link.entry.seq}: {error.what}"
                    found.append(Deviation("evidence", version, what, do=error.do))
    return found


def _named(project: Project, link: Link) -> dict[str, str]:
    """Return what an entry and the statement behind it name; nothing of a statement that is broken."""
    entry = link.entry
    named = {"The evidence": entry.evidence or ""}
    if entry.kind in DECIDED:
        with contextlib.suppress(TamperedError):  # which is told of whoever served by it
            decision = serving.decision_of(project, link)
            named["The policy"] = decision.policy_sha256
            named["dvc.lock"] = decision.candidate.lock_sha256
            named["The golden rows"] = decision.candidate.replay_sha256
            named["What its report draws"] = decision.candidate.exhibits_sha256
    return {name: sha256 for name, sha256 in named.items() if sha256}


def _served(project: Project, history: History, moment: str) -> dict[str, Any] | None:
    """Return the entry that said who served at a moment."""
    timed = zip(history.links, history.moments, strict=True)
    links = [link for link, written in timed if link.entry.moves and written <= moment]
    return _entry(project, history, links[-1]) if links else None


def _entry(project: Project, history: History, link: Link) -> dict[str, Any]:
    """Return what one entry says, with the decision behind it where it holds."""
    entry = link.entry
    document: dict[str, Any] = {
        "seq": entry.seq,
        "kind": entry.kind,
        "time": entry.time,
        "actor": entry.actor,
        "reason": entry.reason,
        "sha256": link.sha256,
        "evidence": entry.evidence or (entry.target.statement if entry.target else None),
        "version": entry.target.version if entry.target else None,
        "sha": entry.target.sha if entry.target else None,
    }
    if entry.target is None or not entry.moves:
        return document
    try:
        decision = serving.decision(project, history, entry.target)
    except TamperedError:
        return document
    waivers = [finding.waiver for verdict in decision.verdicts for finding in verdict.findings]
    if entry.target.approval:
        document["break_glass"] = serving.glass(project, history, entry.target)
    return document | {
        "run_id": entry.target.run_id,
        "commit": decision.candidate.commit,
        "data_sha256": decision.candidate.data_sha256,
        "policy_sha256": decision.policy_sha256,
        "policy_changes": list(decision.policy_changes),
        "judged_on": decision.judged_on.isoformat(),
        "waivers": [
            {**vars(each), "expires": each.expires.isoformat()} for each in waivers if each is not None
        ],
    }


def _moment(text: str) -> str:
    """Return a moment as entries write it; a day stands for its end."""
    now = datetime.now(UTC)
    if not text:
        return now.strftime(WRITTEN)
    for form in MOMENTS:
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        if moment > now:
            raise InvalidError(f"{text} has not come yet.", do="Name a moment of the past, in UTC.")
        if form == MOMENTS[-1]:
            moment = min(now, moment.replace(hour=23, minute=59, second=59))
        return moment.strftime(WRITTEN)
    raise InvalidError(f"{text!r} is no moment.", do="Write it as 2026-11-20T03:00Z or 2026-11-20, in UTC.")
