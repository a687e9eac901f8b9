"""`gates doctor`: whether the promise holds in this setting, asked without changing anything."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from gates.adapters import bucket as s3
from gates.adapters import dvc, git, github, signers_by_uri, workflow_files
from gates.adapters.connection import without_password
from gates.adapters.git_notes import SCHEME
from gates.adapters.permissions import Permissions
from gates.controls import (
    bucket,
    codeowners,
    conclusion,
    data,
    keys,
    ledger,
    pinned,
    registry,
    roads,
    workflows,
)
from gates.controls.ledger import Places
from gates.controls.roads import Finding, Road, Word
from gates.errors import GatesError, UnavailableError
from gates.run import pin
from gates.run.project import Project
from gates.run.result import Result

Question: TypeAlias = tuple[tuple[Road, ...], Callable[[Project], Iterable[Finding]]]


def run(project: Project, required: Word) -> Result:
    """Look at every road around the gates and say how far it is closed.

    Args:
        project: The project.
        required: How far each has to be closed: detects or prevents.

    Raises:
        UnavailableError: The ledger cannot be looked at.
        TamperedError: It was tampered with.
    """
    project.say("asking what keeps the roads to production closed; nothing is changed")
    project.store.entries()
    found = [finding for question in _QUESTIONS for finding in _answers(project, question)]
    order = [road.name for road in roads.ROADS]
    found.sort(key=lambda finding: order.index(finding.road))
    return Result(
        conclusion.outcome(found, required).value,
        conclusion.sentence(found),
        details={
            "required": required.value,
            "ledger": project.store.place,
            "findings": [each.to_document() for each in found],
        },
    )


def _answers(project: Project, question: Question) -> Iterator[Finding]:
    """Yield what is found; what could not be asked is a finding as well."""
    about, ask = question
    try:
        yield from list(ask(project))
    except GatesError as error:
        for road in about:
            yield road.unknown(f"{error.what} {error.why}".strip(), error.do)


def _registry(project: Project) -> Iterator[Finding]:
    given = os.environ.get("MLFLOW_REGISTRY_URI") or os.environ.get("MLFLOW_TRACKING_URI")
    place = without_password(given or str(project.root / "mlflow.db"))
    if place.startswith("databricks"):
        raise UnavailableError(f"{place} has permissions of its own.", do="Ask there who may set the alias.")
    # A database is not opened: MLflow would make one that is absent, and migrate one that is old.
    served = place.startswith(("http://", "https://"))
    facts = Permissions(project.root, project.model).facts() if served else {}
    yield from registry.findings(registry.Access(place, **facts), project.model)


def _ledger(project: Project) -> Iterator[Finding]:
    place, second = project.store.place, project.policy.project.checkpoints
    locked = False
    if place.startswith("s3://"):
        years = project.policy.project.ledger_objects.lock_years
        found = bucket.Bucket(**s3.facts(place))
        locked = bucket.locks(found, years)
        yield from bucket.findings(found, years)
    places = Places(
        ledger=place,
        owner=_owner(project, place.removesuffix(f"/{project.model}")),
        checkpoints=second,
        checkpoints_owner=_owner(project, second),
        notes_fetched=git.fetches(project.root, second.removeprefix(SCHEME)),
        locked=locked,
    )
    if not place.startswith("s3://"):
        yield from ledger.folder(places)
    yield ledger.tail(places)


def _owner(project: Project, place: str) -> str:
    """Return whose a place is: a bucket, this project's folder, or the folder that another one lies in."""
    if "://" in place:
        return "/".join(place.split("/")[:3])
    path = (project.root / place).resolve()
    return str(project.root if path.is_relative_to(project.root) else path.parent)


def _keys(project: Project) -> Iterator[Finding]:
    key = keys.Key(**signers_by_uri.facts(project.root, project.signer), in_ci=github.on_actions())
    yield keys.signing(key)
    yield keys.trusted([each.key for each in project.policy.trusted_keys], key)


def _policy(project: Project) -> Iterator[Finding]:
    top = git.top(project.root).resolve()
    path = (project.root.resolve() / pin.FILE).relative_to(top).as_posix()
    place = next((each for each in codeowners.PLACES if (top / each).is_file()), "")
    text = (top / place).read_text("utf-8", "replace") if place else ""
    pinned_here = pinned.Pin(
        in_environment=github.on_actions() and bool(os.environ.get(pin.VARIABLE)),
        in_file=(project.root / pin.FILE).exists(),
        has_owners=codeowners.guards(text, place, path),
        path=f"/{path}",
    )
    yield pinned.policy(pinned_here)


def _data(project: Project) -> Iterator[Finding]:
    found = dvc.default_remote(project.root)
    yield data.remote(found.name, verifies=found.verifies)


def _workflows(project: Project) -> Iterator[Finding]:
    yield from workflows.findings(workflow_files.read(git.top(project.root)))


_QUESTIONS: tuple[Question, ...] = (
    ((roads.ALIAS, roads.ARTIFACTS), _registry),
    ((roads.LEDGER_HISTORY, roads.LEDGER_WRITERS, roads.LEDGER_TAIL), _ledger),
    ((roads.SIGNING_KEY, roads.TRUSTED_KEYS), _keys),
    ((roads.POLICY,), _policy),
    ((roads.DATA_REMOTE,), _data),
    (
        workflows.ROADS,
        _workflows,
    ),
)
