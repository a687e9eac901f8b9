"""`gates restore <sha>`: put back dvc.lock and the data of a promoted model."""

from gates import digest
from gates.adapters import dvc, files, model
from gates.errors import InvalidError
from gates.run import views
from gates.run.project import Project
from gates.run.result import Result


def run(project: Project, target: str) -> Result:
    """Put back the dvc.lock that a model was made with, and bring or rebuild what it names.

    Raises:
        InvalidError: The ledger does not know the model, or the checkout cannot rebuild it.
        TamperedError: What the ledger keeps was changed.
    """
    champion, decision = views.find(project, target)
    _require_tracked(project)
    lock = project.store.get(decision.candidate.lock_sha256)
    before = project.lock.read_bytes() if project.lock.exists() else None
    files.write_bytes(project.lock, lock)
    try:
        project.say("bringing the data that dvc.lock names")
        if not dvc.checkout(project.root, project.log):
            project.say("rebuilding what no cache and no remote holds")
            _rebuild(project, lock, decision.candidate.commit)
        sha = model.served_digest(project.model_folder)
        if sha != champion.sha:
            raise InvalidError(
                f"The model that was put back has the SHA {sha[:12]}, not {champion.sha[:12]}.",
                why="dvc.lock holds, so model and lock of that promotion did not belong together.",
                do=f"See what was promoted: gates show {champion.sha[:12]}",
            )
    except BaseException:
        _put_back(project, before)
        raise
    return Result(
        "pass",
        f"dvc.lock, data and model of v{champion.version} ({sha[:12]}) are back.",
        details={"sha": sha},
    )


def _require_tracked(project: Project) -> None:
    """Refuse to go on over raw data that was edited: DVC would take the edit for the new truth."""
    raw = project.raw
    if raw.exists() and digest.md5_of_file(raw) != dvc.pointer(raw):
        name = project.policy.project.data.raw
        raise InvalidError(
            f"{name} was edited after it was tracked.",
            do=f"Keep the edit elsewhere, then: rm {name} && dvc pull {name}; then run this again.",
        )


def _put_back(project: Project, lock: bytes | None) -> None:
    if lock is None:
        project.lock.unlink(missing_ok=True)
    else:
        files.write_bytes(project.lock, lock)


def _rebuild(project: Project, lock: bytes, commit: str) -> None:
    """Run the stages; they must end in the same dvc.lock."""
    try:
        dvc.repro(project.root, project.log, lambda stage: project.say(f"running stage {stage}"))
        same = project.lock.read_bytes() == lock
    except InvalidError:
        same = False
    if not same:
        raise InvalidError(
            "Code or parameters here are not those that this model was made with.",
            why="Its data is in no cache and no remote, and the stages end in another dvc.lock.",
            do=f"git checkout {commit[:12]}, then run the same command again.",
        )
