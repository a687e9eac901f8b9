"""What has to hold before a promotion: its decision is about what is here, recent, and fits its figures."""

from gates import checks, digest, statement
from gates.adapters import git, replay
from gates.adapters.registry import Registry
from gates.errors import InvalidError, TamperedError
from gates.ledger import History
from gates.run import exhibits, pin, serving
from gates.run.project import Project, now
from gates.statement import Decision
from gates.verdict import waive


def require_current(project: Project, decision: Decision) -> None:
    """Refuse a decision that is not about this project as it stands.

    Raises:
        InvalidError: The policy is not the pinned one, or the decision or a waiver of it is out of date.
        TamperedError: It is about another policy, commit or file, or its findings do not fit its figures.
    """
    pin.require(project)
    require_about(project, decision, git.head(project.root))


def require_about(project: Project, decision: Decision, commit: str) -> None:
    """Refuse a decision that is not about the project's files, its policy and a commit.

    Raises:
        InvalidError: The decision or a waiver of it is out of date.
        TamperedError: It is about another policy, commit or file, or its findings do not fit its figures.
    """
    policy = project.policy
    modes = {name: gate.mode for name, gate in policy.gates.items()}
    statement.require_promotable(decision, policy.gates, modes, policy.sha256)
    lock = digest.of_file(project.evidence / "dvc.lock")
    pinned = policy.project.golden_set
    golden = digest.of_listing({"features": pinned.features_sha256, "labels": pinned.labels_sha256})
    named = decision.candidate.exhibits_sha256  # empty in a statement of before there were any
    (lineage,) = (verdict for verdict in decision.verdicts if verdict.gate == "lineage")
    facts = {
        "model": (decision.model, project.model),
        "params.yaml": (decision.candidate.params_sha256, project.params_sha256()),
        "commit": (decision.candidate.commit, commit),
        "dvc.lock": (decision.candidate.lock_sha256, lock),
        "golden set": (decision.candidate.golden_sha256, golden),
        "golden version": (decision.candidate.golden_version, pinned.version),
        "raw table": (decision.candidate.data_sha256, lineage.inputs.get("raw", "none")),
        replay.NAME: (decision.candidate.replay_sha256, digest.of_file(project.evidence / replay.NAME)),
        exhibits.NAME: (named, digest.of_file(project.evidence / exhibits.NAME) if named else ""),
    }
    for name, (judged, here) in facts.items():
        if judged != here:
            raise TamperedError(
                f"The decision is about another {name} than this.",
                why=f"Judged {judged[:16]}…, here {here[:16]}….",
                do="Judge what is here: gates ship",
            )
    _require_same_judgement(project, decision)


def _require_same_judgement(project: Project, decision: Decision) -> None:
    """Judge the measurements again: neither a finding, nor a waiver, nor the day may be somebody's own."""
    today = now().date()
    age = (today - decision.judged_on).days
    if not -1 <= age <= project.policy.project.decision_days:
        raise InvalidError(
            f"The decision is of {decision.judged_on}, {age} days ago, and no longer holds.",
            do="Judge again: gates ship",
        )
    for verdict in decision.verdicts:
        findings = checks.load(verdict.gate).judge(
            project.policy.gates[verdict.gate], dict(verdict.measurements)
        )
        if waive(verdict.gate, findings, project.policy.waivers, decision.judged_on) != verdict.findings:
            raise TamperedError(
                f"The findings of {verdict.gate} are not those that its measurements give.",
                do="Find who wrote evidence/statement.json; then judge again: gates ship",
            )
        for waiver in filter(None, (finding.waiver for finding in verdict.findings)):
            if waiver.expires < today:
                raise InvalidError(
                    f"The waiver for {waiver.gate}: {waiver.finding} has expired on {waiver.expires}.",
                    why="It still held when the model was judged.",
                    do="Renew it in params.yaml or mend the model; then judge again: gates ship",
                )
    compared = {verdict.measurements.get("champions") for verdict in decision.verdicts} - {None}
    if compared != {1.0 if decision.champion else 0.0}:
        raise TamperedError(
            "The decision does not fit the champion that it names.", do="Judge again: gates ship"
        )


def require_told_changes(project: Project, history: History, decision: Decision) -> None:
    """Hold that the decision tells how its policy differs from the champion's: none is weakened unnoticed.

    Raises:
        TamperedError: It tells something else.
    """
    if decision.champion != serving.facts(history, decision.candidate.sha)["champion"]:
        return  # the champion moved: a conflict, which the plan tells
    if decision.policy_changes != serving.policy_changes(project, history):
        raise TamperedError(
            "The decision does not tell how its policy differs from the one of the champion.",
            do="Find who wrote evidence/statement.json; then judge again: gates ship",
        )


def require_known_champion(project: Project, registry: Registry, history: History) -> None:
    """Refuse to begin a ledger beside a champion that another ledger made.

    Raises:
        TamperedError: The registry has a champion, and the ledger is empty.
    """
    if history.moved is not None or (version := registry.champion_version()) is None:
        return
    # Entries come before aliases: asked for after the alias, the ledger has the entry of whoever won a race.
    if project.history().moved is None:
        raise TamperedError(
            f"The registry has a champion of {project.model}, version {version}, and this ledger is empty.",
            why=f"The ledger looked for is {project.store.place}.",
            do="Name the ledger that made it in gates.ledger or GATES_LEDGER; to begin anew on purpose, "
            "delete the alias `champion` in MLflow",
        )
