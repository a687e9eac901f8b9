"""The doctor on real settings: what it finds open, what it finds closed, and that it changes nothing."""

import json
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow import MlflowClient

from gates.adapters import keys
from gates.controls.roads import ROADS, Word
from gates.errors import ExitCode, TamperedError, UnavailableError
from gates.run import doctor, pin
from gates.run.answer import Answering
from gates.run.project import LEDGER_VARIABLE, Project
from gates.run.result import Result
from tests import kms, servers
from tests.adapters import mlflow_models
from tests.adapters.test_bucket import POLICY
from tests.adapters.test_git import run as git
from tests.run.champions import anew, entered, promote
from tests.servers import S3
from tests.shell import ROOT, Shell, environment

LAPTOP = {
    "alias": "detects",
    "artifacts": "detects",
    "ledger-history": "detects",
    "ledger-tail": "open",
    "ledger-writers": "detects",
    "signing-key": "detects",
    "trusted-keys": "open",
    "policy": "detects",
    "data-remote": "unknown",
    "promoting-job": "unknown",
    "promoting-trigger": "unknown",
    "action-pins": "unknown",
    "reviewers": "look",
    "oidc": "look",
    "reconcile": "look",
}


def words(result: Result) -> dict[str, str]:
    """Return road to word."""
    return {each["road"]: each["word"] for each in result.details["findings"]}


def finding(result: Result, road: str) -> dict[str, str]:
    """Return what was found about a road."""
    (found,) = (each for each in result.details["findings"] if each["road"] == road)
    return dict(found)


def look(project: Project, road: str) -> dict[str, str]:
    """Return what a new command finds about a road."""
    return finding(doctor.run(anew(project), Word.DETECTS), road)


def policy(project: Project, **fields: Any) -> None:  # noqa: ANN401 - the policy's own
    """Change fields of the policy."""
    params = yaml.safe_load(project.params.read_text())
    params["gates"] |= fields
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return path to bytes and time of the last change."""
    paths = [path for path in root.rglob("*") if path.is_file()]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


# ---------------------------------------------------------------- a laptop


def test_a_laptop(project: Project) -> None:
    """Everything on one machine: most is detected, two roads are open, and all of them are told in order."""
    promote(project, mlflow_models.registry(project.root), 1)
    result = doctor.run(anew(project), Word.DETECTS)
    assert words(result) == LAPTOP
    assert list(words(result)) == [road.name for road in ROADS]
    assert result.exit_code is ExitCode.FAIL
    assert result.sentence.endswith("Open: ledger-tail, trusted-keys.")


def test_every_finding_says_why_and_what_to_do(project: Project) -> None:
    """But where nothing is left to do."""
    keys.signer(project.root)
    for each in doctor.run(project, Word.DETECTS).details["findings"]:
        assert each["what"]
        assert each["why"]
        assert ("do" in each) is (each["word"] != "prevents"), each


def test_nothing_is_changed(project: Project) -> None:
    """No key, no database, no memory is made, and no file touched."""
    doctor.run(project, Word.DETECTS)
    assert set(files(project.root)) == {str(project.params)}
    entered(project, 1)
    before = files(project.root)
    doctor.run(anew(project), Word.PREVENTS)
    assert files(project.root) == before


# ---------------------------------------------------------------- a setting that prevents


@pytest.fixture(scope="module")
def moto() -> Iterator[S3]:
    """An S3 server that keeps a policy."""
    with servers.moto() as server:
        yield server


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a developer who may only read, where a champion was promoted."""
    folder = tmp_path_factory.mktemp("mlflow")
    with servers.mlflow_accounts(folder) as accounts, pytest.MonkeyPatch.context() as patch:
        accounts.add("reader")
        for name, value in accounts.environment("admin").items():
            patch.setenv(name, value)
        client = MlflowClient(accounts.uri, accounts.uri)
        client.create_registered_model("churn")
        client.create_experiment("churn")
        patch.undo()
        yield accounts.environment("reader")


@pytest.fixture
def guarded(project: Project) -> Project:
    """A project with a pin, a key of CI, a remote that verifies, and our workflows."""
    policy(project, trusted_keys=["b" * 64])
    shutil.copytree(ROOT / ".github", project.root / ".github")
    (project.root / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc/config", project.root / ".dvc")
    owners = "* @org/all\n/gates.lock @org/platform # thresholds\n"
    (project.root / ".github/CODEOWNERS").write_text(owners)
    pin.write(anew(project))
    git(project.root, "init", "--quiet")
    return anew(project)


@pytest.fixture
def closed(guarded: Project, moto: S3, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same with its ledger in a locked bucket that one role writes to."""
    for name, value in moto.environment.items():
        monkeypatch.setenv(name, value)
    bucket = moto.bucket(f"ledger-{uuid.uuid4().hex[:12]}", ObjectLockEnabledForBucket=True)
    moto.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(POLICY).replace("BUCKET", bucket))
    policy(guarded, ledger=f"s3://{bucket}/production", ledger_objects={"lock_years": 7})
    return anew(guarded)


def test_a_setting_that_prevents(
    closed: Project, reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0, though prevention be required; two things are left for a person to look at."""
    for name, value in reader.items():
        monkeypatch.setenv(name, value)
    result = doctor.run(closed, Word.PREVENTS)
    looked = dict.fromkeys(("reviewers", "oidc"), "look")
    assert words(result) == dict.fromkeys(LAPTOP, "prevents") | looked
    assert result.exit_code is ExitCode.PASS
    assert result.sentence == "Of 15 roads around the gates: 13 prevented, 2 to look at."


def test_detection_is_enough_unless_prevention_is_required(closed: Project) -> None:
    """With runs in a file, two roads are detected."""
    result = doctor.run(closed, Word.DETECTS)
    assert (result.exit_code, words(result)["alias"]) == (ExitCode.PASS, "detects")
    assert doctor.run(closed, Word.PREVENTS).exit_code is ExitCode.FAIL


def edit(project: Project, name: str, old: str, new: str) -> None:
    """Replace a text in a file."""
    text = (project.root / name).read_text()
    assert old in text
    (project.root / name).write_text(text.replace(old, new))


def open_key(project: Project) -> None:
    """Make a key and let everybody read it."""
    keys.signer(project.root)
    (project.root / keys.KEY_FILE).chmod(0o644)


def no_key(project: Project) -> None:
    """Put something else where the key should be."""
    (project.root / ".gates").mkdir()
    (project.root / keys.KEY_FILE).write_text("no key")


def owners(text: str) -> Callable[[Project], object]:
    """Return what gives gates.lock other owners."""
    return lambda project: (project.root / ".github/CODEOWNERS").write_text(text)


def workflow(text: str) -> Callable[[Project], object]:
    """Return what adds a workflow."""
    return lambda project: (project.root / ".github/workflows/x.yml").write_text(text)


def remove(name: str) -> Callable[[Project], object]:
    """Return what removes a file."""
    return lambda project: (project.root / name).unlink()


def replaced(name: str, old: str, new: str) -> Callable[[Project], object]:
    """Return what replaces a text in a file."""
    return lambda project: edit(project, name, old, new)


def trust_this_machine(project: Project) -> None:
    """List this machine's key beside that of CI."""
    policy(project, trusted_keys=["b" * 64, keys.signer(project.root)[0].public_key.keyid])


SHIP, PUSH = ".github/workflows/ship.yml", ".github/workflows/on-push.yml"
WORSE: dict[str, tuple[str, str, Callable[[Project], object]]] = {
    "a key": ("signing-key", "detects", lambda project: keys.signer(project.root)),
    "a key that all can read": ("signing-key", "open", open_key),
    "a key that is none": ("signing-key", "unknown", no_key),
    "this machine's key": ("trusted-keys", "detects", trust_this_machine),
    "no key listed": ("trusted-keys", "open", lambda project: policy(project, trusted_keys=[])),
    "no owners": ("policy", "detects", remove(".github/CODEOWNERS")),
    "owners of something else": ("policy", "detects", owners("/params.yaml @org/platform\n")),
    "a line without owners": ("policy", "detects", owners("/gates.lock # @org/platform\n")),
    "everybody's after all": ("policy", "detects", owners("/gates.lock @org/platform\n* @org/all\n")),
    "the pin of another folder": (
        "policy",
        "detects",
        owners("* @org/all\n/other/gates.lock @org/platform\n"),
    ),
    "owners that nobody guards": ("policy", "detects", owners("/gates.lock @org/platform\n")),
    "no pin": ("policy", "detects", remove(pin.FILE)),
    "a remote that verifies nothing": ("data-remote", "open", replaced(".dvc/config", "= true", "= false")),
    "no remote": ("data-remote", "unknown", remove(".dvc/config")),
    "no environment": ("promoting-job", "open", replaced(SHIP, "environment: production", "")),
    "on a pull request": ("promoting-trigger", "open", replaced(PUSH, "push:\n", "pull_request:\n")),
    "a tag": ("action-pins", "open", workflow("on: push\njobs: {x: {steps: [{uses: a/b@v1}]}}\n")),
    "a workflow that is none": ("promoting-job", "unknown", workflow("- x\n")),
}


def test_files_that_prevent(guarded: Project) -> None:
    """Where each of the changes below begins."""
    found = words(doctor.run(guarded, Word.DETECTS))
    assert {found[road] for road, _, _ in WORSE.values()} == {"prevents"}


@pytest.mark.parametrize(("road", "word", "change"), WORSE.values(), ids=list(WORSE))
def test_what_makes_it_worse(
    guarded: Project, road: str, word: str, change: Callable[[Project], object]
) -> None:
    """One change, one road: what was prevented is not any more."""
    change(guarded)
    assert look(guarded, road)["word"] == word


def test_a_project_below_the_root_of_its_repository(guarded: Project) -> None:
    """Workflows and owners stand at the top; the pin that they mean is the project's own."""
    below = guarded.root / "below"
    below.mkdir()
    for name in ("params.yaml", pin.FILE):
        shutil.copy(guarded.root / name, below)
    project = Project(below, below / "log", guarded.screen)
    found = words(doctor.run(project, Word.DETECTS))
    assert (found["promoting-job"], found["policy"]) == ("prevents", "detects")
    assert "/below/gates.lock @org/" in finding(doctor.run(project, Word.DETECTS), "policy")["do"]
    owners("* @org/all\n/below/gates.lock @org/platform\n")(guarded)
    assert look(project, "policy")["word"] == "prevents"


def test_the_owners_that_github_reads(guarded: Project) -> None:
    """The first file alone, though another says more."""
    shutil.move(guarded.root / ".github/CODEOWNERS", guarded.root / "CODEOWNERS")
    assert look(guarded, "policy")["word"] == "prevents"
    owners("*.py @org/all\n")(guarded)
    assert look(guarded, "policy")["word"] == "detects"


def test_a_bucket_whose_lock_is_not_used(closed: Project) -> None:
    """History is detected, and nobody sees a cut tail; a prefix below the denied one is denied too."""
    deeper = closed.policy.project.ledger + "/deeper"
    policy(closed, ledger=deeper, ledger_objects={"lock_years": 0})
    found = words(doctor.run(anew(closed), Word.DETECTS))
    told = [found[f"ledger-{road}"] for road in ("history", "tail", "writers")]
    assert told == ["detects", "open", "prevents"]


def test_a_bucket_without_versions(closed: Project, moto: S3) -> None:
    """Open; its policy alone keeps nothing."""
    bucket = closed.policy.project.ledger.split("/")[2]
    other = f"{bucket}-bare"
    moto.client().create_bucket(Bucket=other)
    policy(closed, ledger=f"s3://{other}/production")
    assert look(closed, "ledger-history")["word"] == "open"
    assert look(closed, "ledger-writers")["word"] == "detects"


def test_a_bucket_that_keeps_its_locks(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real server, with and without; it has principals of its own and no policy of AWS."""
    (tmp_path / "s3").mkdir()
    with servers.versity(tmp_path / "s3") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        for bucket, options, word in (
            ("locked", {"ObjectLockEnabledForBucket": True}, "prevents"),
            ("versioned", {}, "detects"),
        ):
            server.bucket(bucket, **options)
            policy(project, ledger=f"s3://{bucket}/x", ledger_objects={"lock_years": 1})
            assert look(project, "ledger-history")["word"] == word
            assert look(project, "ledger-writers")["word"] == "detects"
        policy(project, ledger="s3://locked/y", ledger_objects={"lock_years": 0})
        entered(anew(project), 1)
        policy(project, ledger="s3://locked/y", ledger_objects={"lock_years": 1})
        unlocked = look(project, "ledger-history")
        assert (unlocked["word"], "are not locked" in unlocked["what"]) == ("detects", True)
        assert look(project, "ledger-tail")["word"] == "open"
        policy(project, ledger="s3://locked/z", ledger_objects={"lock_years": 1})
        entered(anew(project), 1)
        assert look(project, "ledger-history")["word"] == "prevents"
        server.client().create_bucket(Bucket="bare")
        policy(project, ledger="s3://bare/x")
        assert look(project, "ledger-history")["word"] == "open"


@pytest.mark.parametrize(
    ("ledger", "checkpoints", "word"),
    [
        (".gates/ledger", "checkpoints", "open"),
        ("../shared/ledger", "../shared/checkpoints", "open"),
        ("../shared/ledger", "../witness/checkpoints", "detects"),
        ("../shared/ledger", "checkpoints", "detects"),
        (".gates/ledger", "s3://witness/x", "detects"),
        (".gates/ledger", "git:refs/notes/ml-gates", "open"),
    ],
)
def test_where_the_checkpoints_lie(project: Project, ledger: str, checkpoints: str, word: str) -> None:
    """Beside the ledger they are no second place."""
    git(project.root, "init", "--quiet")
    policy(project, ledger=ledger, checkpoints=checkpoints)
    assert look(project, "ledger-tail")["word"] == word


def test_checkpoints_in_notes_that_a_fetch_brings(project: Project) -> None:
    """With a plus in front, a ref that was put back would be taken over."""
    policy(project, checkpoints="git:refs/notes/ml-gates")
    git(project.root, "init", "--quiet")
    refspec = "refs/notes/ml-gates:refs/notes/ml-gates"
    for fetched, word in ((f"+{refspec}", "open"), (refspec, "detects")):
        git(project.root, "config", "--add", "remote.origin.fetch", fetched)
        assert look(project, "ledger-tail")["word"] == word


def test_in_a_job_of_ci(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key and pin come from its environment; on a laptop the same variables prove nothing."""
    keys.signer(project.root)
    for name, value in (
        ("GATES_SIGNING_KEY", (project.root / keys.KEY_FILE).read_text()),
        (pin.VARIABLE, project.policy.sha256),
        (LEDGER_VARIABLE, str(tmp_path / "ledger")),
    ):
        monkeypatch.setenv(name, value)
    policy(project, trusted_keys=[keys.signer(project.root)[0].public_key.keyid])
    for road in ("signing-key", "policy"):
        assert look(project, road)["word"] == "detects"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for road in ("signing-key", "policy", "trusted-keys"):
        assert look(project, road)["word"] == "prevents"


def test_a_key_in_a_service(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked whether it would sign; a service that does not answer is unknown; no key needs none."""
    policy(project, signer="awskms:alias/ml-gates")
    with kms.running() as cloud:
        cloud.make("alias/ml-gates")
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        assert look(project, "signing-key")["word"] == "detects"
        cloud.denied.add("kms:Sign")
        assert look(project, "signing-key")["word"] == "prevents"
    assert look(project, "signing-key")["word"] == "unknown"
    policy(project, signer="sigstore:")
    assert look(project, "signing-key")["word"] == "prevents"


# ---------------------------------------------------------------- what cannot be asked


def closed_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_server_that_is_down(closed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown with the reason, exit code 3: the rest is told all the same."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ada:secret@127.0.0.1:{closed_port()}")
    result = doctor.run(closed, Word.DETECTS)
    found = finding(result, "alias")
    assert (found["word"], words(result)["artifacts"]) == ("unknown", "unknown")
    assert "could not tell who is asking" in found["what"]
    assert "secret" not in json.dumps(found)
    assert words(result)["ledger-history"] == "prevents"
    assert result.exit_code is ExitCode.UNDECIDED


def test_a_registry_with_rules_of_its_own(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not asked in our words."""
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "databricks-uc")
    assert look(project, "alias")["word"] == "unknown"


def test_a_ledger_that_cannot_be_looked_at(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4: without it nothing is worth a word."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(LEDGER_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(UnavailableError, match="cannot be read"):
        doctor.run(project, Word.DETECTS)


def test_a_ledger_that_was_tampered_with(project: Project) -> None:
    """Exit code 6."""
    entered(project, 1)
    (Path(project.store.place) / "x.json").write_text("{}")
    with pytest.raises(TamperedError):
        doctor.run(project, Word.DETECTS)


# ---------------------------------------------------------------- the command


def test_as_a_user_runs_it(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A table with what to paste below, or JSON; an empty variable, as an action sets it, is none."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shell = Shell(tmp_path, environment(tmp_path_factory.mktemp("dvc")))
    answer = shell.gates("doctor", GATES_DOCTOR_REQUIRE="")
    assert answer.code == ExitCode.FAIL
    told = " ".join(answer.out.split())
    for road in ROADS:
        assert road.name in told
    assert "In params.yaml: gates.checkpoints: s3://another-bucket/prefix" in told
    document = shell.gates("doctor", "--require", "prevents", "--json").json
    assert (document["required"], document["outcome"]) == ("prevents", "fail")
    assert len(document["findings"]) == len(ROADS)
    assert shell.gates("doctor", "--require", "everything").code == ExitCode.INVALID


def test_in_the_summary_of_a_job(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row a road, and what to paste below."""
    for name, value in (
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", str(tmp_path / "summary")),
        (LEDGER_VARIABLE, str(tmp_path / "ledger")),
    ):
        monkeypatch.setenv(name, value)
    answering = Answering("doctor", project.root, as_json=True)
    answering.tell(doctor.run(project, Word.DETECTS))
    told = (tmp_path / "summary").read_text()
    assert told.startswith("## doctor: fail\n")
    assert [line for line in told.splitlines() if line.startswith("| trusted-keys | open | ")]
    assert "- **trusted-keys**: " in told
    assert "gates.trusted" in told
