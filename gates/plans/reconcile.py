"""What in MLflow is not as the ledger says, and the steps that put it back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from gates import digest
from gates.break_glass import TIME, Approval
from gates.ledger import Champion, History
from gates.plans.steps import Append, ClearStage, PointAlias, Put, RemoveAlias, Step

# Nothing can be put back where the champion itself is gone: somebody has to choose who serves.
INSTEAD = "serve an earlier one: gates rollback --to previous --reason …"


@dataclass(frozen=True)
class Deviation:
    """Something that is not as the ledger says.

    Attributes:
        kind: alias, stage, files, statement, run, evidence or break-glass.
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


@dataclass(frozen=True)
class Held:
    """A version in the registry.

    Attributes:
        stage: The stage that somebody put it into; empty for none.
        known: Who last changed it and when, as far as the registry knows.
    """

    stage: str
    known: str


@dataclass(frozen=True)
class Proof:
    """What is found of a champion, present or past.

    Attributes:
        champion: As the ledger has it.
        folder_sha256: Digest of its files in the registry; empty where they are gone.
        gone: What is said where they are.
        statement: What is wrong with its statement; empty where it holds.
        run: What is wrong with its run; empty where it is as it was judged.
    """

    champion: Champion
    folder_sha256: str
    gone: str = ""
    statement: str = ""
    run: str = ""


@dataclass(frozen=True)
class Seen:
    """What MLflow holds, and the ledger's objects.

    Attributes:
        alias: The version that the alias names.
        versions: Every version in the registry.
        proofs: Whoever served, newest first.
        approval: By which the champion came in, where a break-glass let it in.
        moment: When it was looked at, in UTC.
    """

    alias: str | None
    versions: Mapping[str, Held]
    proofs: Sequence[Proof]
    approval: Approval | None
    moment: datetime


def deviations(history: History, seen: Seen) -> Iterator[Deviation]:
    """Yield what is not as the ledger says."""
    champion = history.champion
    if seen.alias != (champion.version if champion else None):
        wanted = f"version {champion.version}" if champion else "nobody"
        what = f"The alias names {f'version {seen.alias}' if seen.alias else 'nobody'}, the ledger {wanted}."
        gone = any(proof.champion == champion and proof.gone for proof in seen.proofs)
        do = f"Who should serve is gone; {INSTEAD}" if gone else ""
        yield Deviation("alias", seen.alias or "", what, _known(seen, seen.alias or ""), do)
    for version, held in seen.versions.items():
        if held.stage:
            what = f"Version {version} was put into the stage {held.stage}."
            yield Deviation("stage", version, what, held.known)
    if champion and seen.approval and seen.approval.expired(seen.moment):
        what = f"Version {champion.version} came in by break-glass until {seen.approval.expires:{TIME}}."
        yield Deviation("break-glass", champion.version, what)
    for proof in seen.proofs:
        yield from _of_champion(seen, proof, INSTEAD if proof.champion == champion else "promote another.")


def _of_champion(seen: Seen, proof: Proof, instead: str) -> Iterator[Deviation]:
    version = proof.champion.version
    if proof.folder_sha256 != proof.champion.folder_sha256:
        what = proof.gone or f"The files of version {version} are not those that were promoted."
        do = f"It cannot be served: bring it back from a backup, or {instead}"
        yield Deviation("files", version, what, _known(seen, version), do)
    if proof.statement:
        do = f"Without it, it does not serve: bring it back from a backup, or {instead}"
        yield Deviation("statement", version, proof.statement, do=do)
    if proof.run:
        do = "Look at it in MLflow; the statement has the truth."
        yield Deviation("run", version, proof.run, do=do)


def _known(seen: Seen, version: str) -> str:
    held = seen.versions.get(version)
    return held.known if held else ""


def plan(history: History, found: Sequence[Deviation]) -> list[Step]:
    """Return the steps that put alias and stages back, and note what was found.

    A break-glass that is over is a rollback of its own, and no alias is set to who is gone; what cannot be
    put back is noted once, and not every quarter of an hour.
    """
    steps: list[Step] = [ClearStage(each.version) for each in found if each.kind == "stage"]
    if any(each.kind == "alias" and not each.do for each in found):
        steps.append(PointAlias() if history.champion else RemoveAlias())
    report = digest.canonical_json({"deviations": [each.to_document() for each in found]})
    evidence = digest.of_bytes(report)
    if all(each.do for each in found) and any(link.entry.evidence == evidence for link in history.links):
        return []
    head = history.head.sha256 if history.head else None
    kinds = ", ".join(dict.fromkeys(each.kind for each in found))
    operation = digest.of_document(["repair", head, evidence])
    return [*steps, Put(report, "what was found"), Append(operation, "repair", None, kinds, evidence)]
