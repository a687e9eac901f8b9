"""`load_champion` and `gates export`: the model that serves, verified before anything of it is built."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates.adapters import files, logs, model
from gates.adapters.console import Screen
from gates.adapters.registry import Registry
from gates.errors import InvalidError, TamperedError, UndecidedError
from gates.ledger import Champion, History
from gates.paths import walk
from gates.run import serving
from gates.run.project import OWN_LEDGER, Project
from gates.run.result import Result

KEPT = Path(".gates") / "serving"


@dataclass(frozen=True)
class Served:
    """A model that answers requests, and what it is.

    Attributes:
        model: The estimator.
        sha: Its SHA.
        version: Its version in the registry.
        run_id: The MLflow run that recorded its training.
    """

    model: Any
    sha: str
    version: str
    run_id: str

    @property
    def headers(self) -> dict[str, str]:
        """Response headers by which an answer is traced back to its model."""
        return {"X-Model-Run-Id": self.run_id, "X-Model-Sha": self.sha}


def load_champion(project: str | Path = ".", *, ledger: str = "") -> Served:
    """Load what the ledger says to serve.

    Chain, signatures, the statement that let it in and the digest are verified first; the registry is asked
    only where no copy of this SHA was brought before. The highest entry that was seen is remembered, and a
    ledger that has lost it is refused. Then skops builds the types that the policy trusts, and no others.

    Args:
        project: The folder of params.yaml, or one that `gates export` has written.
        ledger: Where the ledger is, in place of what the environment or the policy says.

    Raises:
        UndecidedError: There is no champion.
        TamperedError: Ledger, statement or model are not what was promoted.
        InvalidError: The policy has mistakes, or the model needs a type that it does not trust.
        UnavailableError: Ledger or registry did not answer.
    """
    root = Path(project).resolve()
    opened = Project(root, root / logs.FOLDER / "load.log", Screen(quiet=True), ledger)
    history, champion = _champion(opened)
    folder = bring(opened, history, champion)
    estimator = model.load(folder, champion.sha, opened.policy.project.trusted_types)
    return Served(estimator, champion.sha, champion.version, champion.run_id)


def export(project: Project, target: Path) -> Result:
    """Write the champion and what proves it into a new folder, which `load_champion` reads without a network.

    Raises:
        InvalidError: The folder is not empty, or the policy lists no key that its reader could trust.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidError(f"{target} is not an empty folder.", do="Name a new one.")
    if not project.policy.project.trusted_keys:
        raise InvalidError(
            "Whoever reads the export could not verify it: the policy lists no key.",
            do="Put what `gates key` prints into params.yaml under gates.trusted_keys, then export again.",
        )
    history, champion = _champion(project)
    folder = bring(project, history, champion)
    entries = {f"{seq:08d}.json": data for seq, data in project.store.entries().items()}
    proof = filter(None, (champion.statement, champion.approval))
    kept = {f"objects/{each}": project.store.get(each) for each in proof}
    for name, data in (entries | kept).items():
        files.write_bytes(target / OWN_LEDGER / project.model / name, data)
    for name, path in walk(folder).items():
        files.write_bytes(target / KEPT / champion.sha / name, path.read_bytes())
    files.write_bytes(target / project.params.name, project.params.read_bytes())
    if instance := project.policy.project.sigstore:
        files.write_bytes(target / instance.trust_config, project.sigstore_instance)
    return Result(
        "pass",
        f"v{champion.version} ({champion.sha[:12]}) and its proof are in {target}.",
        look=f'load_champion("{target}", ledger="{OWN_LEDGER}")',
        details={"version": champion.version, "sha": champion.sha, "run_id": champion.run_id},
    )


def bring(project: Project, history: History, champion: Champion) -> Path:
    """Return the folder with the verified files that answer requests, fetching them once.

    Raises:
        TamperedError: The statement does not hold, or files here or in the registry were changed.
    """
    folder = project.root / KEPT / champion.sha
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            registry = Registry(project.root, project.model)
            fetched = serving.fetch(project, registry, history, champion, Path(temporary) / "model")
            try:
                fetched.rename(folder)
            except OSError:  # another worker has brought it meanwhile; it is verified like one of ours
                if not folder.is_dir():
                    raise
    serving.decision(project, history, champion)
    if set(walk(folder)) != set(model.SERVED_FILES) or model.served_digest(folder) != champion.sha:
        raise TamperedError(
            f"{folder} is not what was promoted.",
            why="A file of it was changed, added or removed after it was brought here.",
            do=f"Find who wrote there; then remove it, and it is brought again: rm -r {folder}",
        )
    return folder


def _champion(project: Project) -> tuple[History, Champion]:
    history = project.history()
    champion = history.champion
    if champion is None:
        raise UndecidedError(
            f"{project.model} has no champion.",
            why=f"The ledger looked at is {project.store.place}.",
            do="Promote one first: gates ship",
        )
    return history, champion
