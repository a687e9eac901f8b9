"""The copy without a defect: it has a champion to be compared with, and a decision that may be promoted."""

from gates import digest, stages, statement
from gates.adapters import replay
from gates.defects import Case, Changes, fitting, rivals
from gates.defects.case import GIT, LOCK, PIPELINE, SERVING, STATEMENT
from gates.documents import read_json
from gates.run import handoff, judge
from gates.run.project import now
from gates.run.selftest import ask
from gates.run.selftest.ask import Heard
from gates.run.selftest.copy import Copy
from gates.statement import Decision


def case(made: Copy, decision: Decision) -> Case:
    """Return what defects are planted in."""
    return Case(made.root, made.project.policy, decision, now().date())


def give_champion(made: Copy) -> str:
    """Give a first model a champion that it passes beside, so that comparing is put to the test too.

    Returns:
        Why no such champion can be made up; empty where one was, or serves. The copy stays without it then,
        and defects of the comparison are not applicable.
    """
    path = made.root / STATEMENT
    first = case(made, statement.from_document(read_json(path), str(path)))
    if rivals.has_champion(first):
        return ""
    why = ""
    for share in rivals.SHARES:
        with made.planted() as keep:
            changes = rivals.stand_in(first, share)
            made.write(changes)
            fit(made, first, changes)
            heard = ask.everybody(made, ask.told(made), promotes=False)
            if not heard.objections:
                keep()
                return ""
            why = heard.objections[0].why
    return why


def decide(made: Copy, heard: Heard) -> Decision:
    """Write the decision about the copy where a promotion looks for it, and return it."""
    project = made.project
    data, training = (read_json(project.candidate / f"{job}.json") for job in ("data", "train"))
    commit = handoff.text(read_json(project.root / GIT), "commit")
    decision = Decision(
        model=project.model,
        candidate=judge.candidate_of(project, data, training, commit),
        champion=read_json(project.root / SERVING)["champion"],
        judged_on=now().date(),
        policy_sha256=project.policy.sha256,
        verdicts=heard.verdicts,
    )
    made.write(
        {
            STATEMENT: digest.canonical_json(statement.to_document(decision)),
            "evidence/dvc.lock": project.lock.read_bytes(),
            f"evidence/{replay.NAME}": (project.candidate / replay.NAME).read_bytes(),
        }
    )
    return decision


def fit(made: Copy, planted: Case, changes: Changes) -> None:
    """Let every record fit what was planted, as if the jobs had found the files so."""
    changed = {*changes}
    if changed & {planted.place("features"), planted.place("labels")}:
        made.write(fitting.pins(planted))
    of_stages = changed & {*stages.files(made.root / LOCK, made.root / PIPELINE)}
    if of_stages:
        made.write(fitting.lock(planted))
    if of_stages or changed & {planted.place("raw"), planted.place("train")}:
        made.write(fitting.run(planted))
    for job in fitting.JOBS:
        made.write(fitting.manifest(planted, job))
