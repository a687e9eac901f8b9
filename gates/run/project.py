"""One project on disk: its policy, where its files lie, its ledger."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from gates import checkpoint, checks, digest, ledger, policy, trust
from gates.adapters import github, logs, signers_by_uri
from gates.adapters.console import Screen
from gates.adapters.git_notes import SCHEME, GitNotes
from gates.adapters.sigstore_key import SigstoreKey
from gates.adapters.store import Checkpoints, FolderStore, Store
from gates.documents import read_yaml
from gates.envelope import keyid_of, signers
from gates.errors import InvalidError, TamperedError
from gates.golden_rows import WeighedFiles
from gates.paths import require_regular_file
from gates.policy import Policy
from gates.public_keys import VerifyingKey, public_key
from gates.run import seen
from gates.trust import TrustedKey

LEDGER_VARIABLE = "GATES_LEDGER"
OWN_LEDGER = ".gates/ledger"  # of an export, in its own folder
CLOCKS_DIFFER = timedelta(days=1)
SIGNER_VARIABLE = "GATES_SIGNER"


@dataclass(frozen=True)
class Project:
    """A project's folder with what the jobs hand to one another in it.

    Attributes:
        root: The folder that holds params.yaml.
        log: Where this command's log goes.
        screen: Tells a person what happens now.
        ledger_place: Where the ledger is, in place of what environment and policy say; empty for those.
        scratch: Name of a model to rehearse with, in place of the policy's; empty for that.
    """

    root: Path
    log: Path
    screen: Screen
    ledger_place: str = ""
    scratch: str = ""

    def say(self, line: str) -> None:
        """Tell a person what happens now."""
        self.screen.say(line)

    @cached_property
    def policy(self) -> Policy:
        """The policy; parsed once a command."""
        return policy.parse(read_yaml(self.params), checks.policies(), str(self.params))

    @property
    def params(self) -> Path:
        """The parameter file, with the policy in it."""
        return self.root / "params.yaml"

    @property
    def lock(self) -> Path:
        """What DVC wrote about the last run of each stage."""
        return self.root / "dvc.lock"

    @property
    def candidate(self) -> Path:
        """What the jobs hand to one another."""
        return self.root / "candidate"

    @property
    def evidence(self) -> Path:
        """Verdicts and statement of the last judgement."""
        return self.root / "evidence"

    @property
    def raw(self) -> Path:
        """The raw table."""
        return self.root / self.policy.project.data.raw

    @property
    def model_folder(self) -> Path:
        """The folder that the train stage writes: what answers requests."""
        return self.root / self.policy.project.training.model

    @property
    def features(self) -> Path:
        """The golden features."""
        return self.root / self.policy.project.golden_set.features

    @property
    def labels(self) -> Path:
        """The golden labels."""
        return self.root / self.policy.project.golden_set.labels

    @property
    def golden_files(self) -> WeighedFiles:
        """The candidate's answers to the golden rows, the labels, and what the columns mean."""
        shared = self.policy.project
        return WeighedFiles(
            predictions=self.candidate / "predictions.parquet",
            labels=self.labels,
            features=self.features,
            key=shared.data.key,
            label=shared.data.label,
            task=shared.task,
            group=shared.golden_set.group,
            weight=shared.golden_set.weight,
            class_weights=shared.golden_set.class_weights,
        )

    @property
    def model(self) -> str:
        """The model's registered name."""
        return self.scratch or self.policy.project.model

    @cached_property
    def store(self) -> Store:
        """The objects of this model's ledger."""
        if self.ledger_place:
            return self._store(self.ledger_place)
        place = os.environ.get(LEDGER_VARIABLE) or self.policy.project.ledger
        if github.on_actions() and "://" not in place and not Path(place).is_absolute():
            raise InvalidError(
                f"The ledger {place} lies on a runner that is thrown away after the job.",
                do="Set GATES_LEDGER to s3://bucket/prefix, or to a folder that all runners share.",
            )
        return self._store(place)

    @cached_property
    def checkpoints(self) -> Checkpoints | None:
        """The second place, which remembers how far the ledger had come; None where the policy names none."""
        place = self.policy.project.checkpoints
        # An export is the ledger of its day, without a network: newer checkpoints are no loss of its entries.
        exported = bool(self.ledger_place) and self._folder(self.ledger_place) == self._folder(OWN_LEDGER)
        if not place or exported:
            return None
        return GitNotes(self.root, place, self.model) if place.startswith(SCHEME) else self._store(place)

    def _store(self, place: str) -> Store:
        if place.startswith("s3://"):
            from gates.adapters.s3_store import S3Store

            return S3Store(f"{place.rstrip('/')}/{self.model}", self.policy.project.ledger_objects)
        if "://" in place or place.startswith(SCHEME):
            raise InvalidError(
                f"The ledger {place} is neither a folder nor a bucket.",
                do="Name a folder or s3://bucket/prefix in gates.ledger.",
            )
        return FolderStore(self._folder(place) / self.model)

    def _folder(self, place: str) -> Path:
        return (self.root / place).resolve()

    @property
    def signer(self) -> str:
        """The URI of what signs."""
        return os.environ.get(SIGNER_VARIABLE) or self.policy.project.signer

    @property
    def trusted_keys(self) -> Sequence[VerifyingKey]:
        """The keys that entries and statements must verify with: the policy's, else this machine's own."""
        if not self._trusted:  # this machine's own may be made while a command runs
            own = map(public_key, signers_by_uri.own(self.root, self.signer))
            listed = self.policy.trusted_keys
            self._trusted.extend(self._verifying(listed) if listed else own)
        return self._trusted

    @cached_property
    def _trusted(self) -> list[VerifyingKey]:
        """The keys once they are known; read once a command."""
        return []

    @property
    def approver_keys(self) -> tuple[VerifyingKey, ...]:
        """The keys that the approval of a break-glass must verify with."""
        return self._verifying(self.policy.approvers)

    def _verifying(self, listed: Iterable[TrustedKey]) -> tuple[VerifyingKey, ...]:
        return tuple(
            SigstoreKey(each.identity, self.sigstore_instance) if each.identity else public_key(each.key)
            for each in listed
        )

    @cached_property
    def sigstore_instance(self) -> bytes:
        """The trust config of the Sigstore instance that the policy names; empty for the public one.

        Raises:
            InvalidError: Its file is not there, or not the one that is pinned.
        """
        named = self.policy.project.sigstore
        if named is None:
            return b""
        path = self.root / named.trust_config
        require_regular_file(path)
        config = path.read_bytes()
        if digest.of_bytes(config) != named.trust_config_sha256:
            raise InvalidError(
                f"{path} is not the trust config that the policy pins.",
                do="Bring it back, or pin it in a reviewed commit: gates.sigstore.trust_config_sha256",
            )
        return config

    def require_trusted(self, envelope: bytes, day: date, name: str) -> None:
        """Hold that who signed a verified envelope was trusted on its day.

        Raises:
            TamperedError: It was revoked, or not yet or no longer to sign.
        """
        if self.policy.trusted_keys:
            trust.require_valid(self.policy.trusted_keys, signers(envelope), day, name)

    def history(self) -> ledger.History:
        """Return the verified ledger.

        Raises:
            TamperedError: It does not verify, or has lost what was seen of it before.
            InvalidError: It holds entries, and no key to verify them with is known here.
        """
        known = seen.recall(self.root, self.store.place, self.checkpoints)
        history = self._history()
        for kept, told in known:
            checkpoint.require_reaches(history, kept, told)
        seen.remember(self.root, self.store.place, history)
        return history

    def _history(self) -> ledger.History:
        entries = self.store.entries()
        if not entries:
            return ledger.History(self.model)
        trusted = self.trusted_keys
        if not trusted:
            raise InvalidError(
                "There is no public key to verify the ledger with.",
                why="The policy lists none, and this machine has no key of its own.",
                do="Bring .gates/key.pem back from a backup; or, if you know the ledger to be yours, list "
                f"under gates.trusted_keys who says to have signed it: {keyid_of(entries[max(entries)])}",
            )
        history = ledger.read(self.model, entries, trusted, self._verified)
        for link, moment in zip(history.links, history.moments, strict=True):
            if link not in self._verified[link.entry.seq - 1 : link.entry.seq]:
                self._require_timely(link, moment, entries[link.entry.seq])
        self._verified[:] = history.links
        return history

    def _require_timely(self, link: ledger.Link, moment: str, stored: bytes) -> None:
        """Hold that an entry is not of the future, and that who signed it was trusted on its day."""
        day, name = date.fromisoformat(moment[:10]), f"Entry {link.entry.seq} of the ledger"
        if day > now().date() + CLOCKS_DIFFER:  # a key that may not sign yet would date it so
            raise TamperedError(
                f"{name} is dated in the future: {moment}.",
                why=f"By this machine's clock it is {now():%Y-%m-%d %H:%M} UTC.",
                do="Set the clock; if it is right, find who wrote there.",
            )
        self.require_trusted(stored, day, name)

    @cached_property
    def _verified(self) -> list[ledger.Link]:
        """The chain as this command has verified it; an entry is verified once, however often it is read."""
        return []

    def params_sha256(self) -> str:
        """Return the digest of params.yaml."""
        return digest.of_file(self.params)


def open_project(root: Path, command: str, screen: Screen, *, new: bool = False) -> Project:
    """Return the project in a folder, with other libraries' output kept in a log.

    Args:
        root: The folder.
        command: The command that asks; its log bears the name.
        screen: Tells a person what happens now.
        new: The folder need not be a project yet.

    Raises:
        InvalidError: There is no params.yaml, or no such folder.
    """
    if new and not root.is_dir():
        raise InvalidError(f"{root.resolve()} is not a folder.", do="Name your repository: --project DIR")
    if not new and not (root / "params.yaml").exists():
        raise InvalidError(
            f"{root.resolve()} has no params.yaml.",
            why="A project is the folder that holds it; `gates init` begins one.",
            do="Change into the project's folder, or name it after the command: gates status --project DIR",
        )
    root = root.resolve()
    return Project(root, logs.quiet(root, command), screen)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
