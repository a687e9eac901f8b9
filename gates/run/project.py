"""One project on disk: its policy, where its files lie, its ledger."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from gates import checks, digest, ledger, policy
from gates.adapters import keys, logs
from gates.adapters.console import Screen
from gates.adapters.store import FolderStore
from gates.documents import read_yaml
from gates.errors import InvalidError
from gates.policy import GatePolicy, Policy

LEDGER_VARIABLE = "GATES_LEDGER"


@dataclass(frozen=True)
class Project:
    """A project's folder with what the jobs hand to one another in it.

    Attributes:
        root: The folder that holds params.yaml.
        log: Where this command's log goes.
        screen: Tells a person what happens now.
    """

    root: Path
    log: Path
    screen: Screen

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
    def model(self) -> str:
        """The model's registered name."""
        return self.policy.project.model

    @cached_property
    def store(self) -> FolderStore:
        """The objects of this model's ledger."""
        folder = os.environ.get(LEDGER_VARIABLE) or self.policy.project.ledger
        if "://" in folder:
            raise InvalidError(f"The ledger {folder} is not a folder.", do="Name a folder in gates.ledger.")
        return FolderStore((self.root / folder).resolve() / self.model)

    @property
    def trusted_keys(self) -> tuple[str, ...]:
        """The public keys that entries and statements must verify with."""
        return keys.trusted(self.root, self.policy.project.trusted_keys)

    def history(self) -> ledger.History:
        """Return the verified ledger.

        Raises:
            TamperedError: It does not verify.
            InvalidError: It holds entries, and no key to verify them with is known here.
        """
        entries = self.store.entries()
        if not entries:
            return ledger.History(self.model)
        trusted = self.trusted_keys
        if not trusted:
            raise InvalidError(
                "There is no public key to verify the ledger with.",
                why="The policy lists none, and this machine has no key of its own.",
                do="Run `gates key` where models are promoted; list what it prints in gates.trusted_keys.",
            )
        return ledger.read(self.model, entries, trusted)

    def input(self, gate: str, name: str, *, is_file: bool) -> Any:  # noqa: ANN401 - whatever the field holds
        """Return a gate's input by its name: from its block, the project's blocks, or the jobs' files.

        Raises:
            KeyError: Nobody has a value of that name.
        """
        shared = self.policy.project
        blocks: list[GatePolicy | Any] = [
            self.policy.gates[gate],
            shared.data,
            shared.golden_set,
            shared.training,
        ]
        for block in blocks:
            if name in type(block).model_fields:
                value = getattr(block, name)
                return self.root / value if is_file else value
        return self._handed_on()[name]

    def _handed_on(self) -> dict[str, Path]:
        return {
            "git": self.candidate / "git.json",
            "run": self.candidate / "run.json",
            "serving": self.candidate / "serving.json",
            "training": self.candidate / "train.json",
            "predictions": self.candidate / "predictions.parquet",
            "latency": self.candidate / "latency.json",
            "lock": self.lock,
            "pipeline": self.root / "dvc.yaml",
        }

    def params_sha256(self) -> str:
        """Return the digest of params.yaml."""
        return digest.of_file(self.params)


def open_project(root: Path, command: str, screen: Screen) -> Project:
    """Return the project in a folder, with other libraries' output kept in a log.

    Raises:
        InvalidError: There is no params.yaml.
    """
    if not (root / "params.yaml").exists():
        raise InvalidError(
            f"{root.resolve()} has no params.yaml.",
            why="A project is the folder that holds it.",
            do="Change into the project's folder, or name it after the command: gates status --project DIR",
        )
    root = root.resolve()
    return Project(root, logs.quiet(root, command), screen)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
