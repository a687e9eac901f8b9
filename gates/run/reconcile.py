"""`gates reconcile`: what moved in MLflow without the ledger, told and put back."""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from gates import digest
from gates.adapters.registry import Registry, Version
from gates.adapters.tracking import Tracking
from gates.errors import InvalidError, TamperedError
from gates.ledger import Champion, History
from gates.plans.steps import Append
from gates.run import serving
from gates.run.carry_out import append, point_alias
from gates.run.project import Project
from gates.run.result import Result


@dataclass(frozen=True)
class Deviation:
    """Something that is not as the ledger says.

    Attributes:
        kind: alias, stage, files, statement or run.
        version: The version that it is about; empty where there is none.
        what: What is there, and what should be.
        known: Who and when, as far as MLflow knows.
        do: What to do where it cannot be put back; empty where it can.
    """

    kind: str
    version: str
    what: str
    known: str = ""
    do: str = ""

    def to_document(self) -> dict[str, str]:
        """Return it as plain JSON data."""
        return asdict(self)


def run(project: Project, *, repair: bool) -> Result:
    """Compare MLflow with the ledger; with ``repair``, put alias and stages back and note it.

    Raises:
        TamperedError: The ledger itself does not verify.
        UnavailableError: A system did not answer.
    """
    history, registry = project.history(), Registry(project.root, project.model)
    project.say("comparing MLflow with the ledger")
    found = list(deviations(project, registry, history))
    if not found:
        return Result("pass", "MLflow is as the ledger says.", details={"deviations": []})
    if repair:
        _repair(project, registry, history, found)
    told = " ".join(
        f"{each.what} {'Put back.' if repair and not each.do else each.do}".rstrip() for each in found
    )
    return Result(
        "tampered",
        told,
        look="gates history" if repair else "gates reconcile --repair",
        details={"deviations": [each.to_document() for each in found], "repaired": repair},
    )


def deviations(project: Project, registry: Registry, history: History) -> Iterator[Deviation]:
    """Yield what is not as the ledger says."""
    versions = {each.version: each for each in registry.versions()}
    yield from _alias(registry, history, versions)
    for each in versions.values():
        if each.stage:
            what = f"Version {each.version} was put into the stage {each.stage}."
            yield Deviation("stage", each.version, what, _known(each))
    tracking = Tracking(project.root, project.model)
    for champion in dict.fromkeys(reversed(history.served)):
        yield from _files(registry, champion, versions.get(champion.version))
        yield from _evidence(project, tracking, champion)


def _alias(registry: Registry, history: History, versions: dict[str, Version]) -> Iterator[Deviation]:
    named, champion = registry.champion_version(), history.champion
    if named == (champion.version if champion else None):
        return
    wanted = f"version {champion.version}" if champion else "nobody"
    what = f"The alias names {f'version {named}' if named else 'nobody'}, the ledger {wanted}."
    yield Deviation("alias", named or "", what, _known(versions.get(named or "")))


def _files(registry: Registry, champion: Champion, version: Version | None) -> Iterator[Deviation]:
    """Look whether the registry still holds what was promoted."""
    with tempfile.TemporaryDirectory() as temporary:
        try:
            whole = registry.fetch(champion.version, Path(temporary) / "model")
            changed = whole != champion.folder_sha256
            what = f"The files of version {champion.version} are not those that were promoted."
        except InvalidError as error:
            changed, what = True, error.what
    if changed:
        do = "It cannot be served: bring it back from a backup, or promote another."
        yield Deviation("files", champion.version, what, _known(version), do)


def _evidence(project: Project, tracking: Tracking, champion: Champion) -> Iterator[Deviation]:
    """Look whether the decision that let it in holds, and the run is what was judged."""
    try:
        decision = serving.decision(project, champion)
    except TamperedError as error:
        yield Deviation("statement", champion.version, error.what, do="Bring it back from a backup.")
        return
    judged = next((each.inputs.get("run") for each in decision.verdicts if each.gate == "lineage"), None)
    try:
        facts = tracking.run_facts(champion.run_id)
        if judged in (None, digest.of_document(facts)):
            return
        what = f"The run {champion.run_id} of version {champion.version} was edited after it was judged."
    except InvalidError as error:
        what = error.what
    yield Deviation("run", champion.version, what, do="Look at it in MLflow; the statement has the truth.")


def _repair(project: Project, registry: Registry, history: History, found: list[Deviation]) -> None:
    """Put back alias and stages, and note in the ledger what was found."""
    for each in found:
        if each.kind == "stage":
            registry.clear_stage(each.version)
    if any(each.kind == "alias" for each in found):
        if history.champion is None:
            registry.remove_alias()
        else:
            point_alias(project, registry)
    report = digest.canonical_json({"deviations": [each.to_document() for each in found]})
    evidence = project.store.put(report)
    repaired = any(not each.do for each in found)
    if not repaired and any(link.entry.evidence == evidence for link in history.links):
        return  # what cannot be put back is noted once, not every quarter of an hour
    head = history.head.sha256 if history.head else None
    kinds = ", ".join(dict.fromkeys(each.kind for each in found))
    operation = digest.of_document(["repair", head, evidence])
    append(project, history, Append(operation, "repair", None, kinds, evidence))


def _known(version: Version | None) -> str:
    if version is None:
        return ""
    by = f" by {version.user}" if version.user else ""
    return f"Version {version.version} was last changed at {version.changed}{by}."
