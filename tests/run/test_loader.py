"""What serves is loaded by the ledger, and nothing else: by no alias, and not because a file lies there."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import yaml

import gates
from gates.adapters.model import MODEL_FILE, SIGNATURE_FILE
from gates.adapters.registry import Registry
from gates.errors import ExitCode, InvalidError, TamperedError, UndecidedError
from gates.ledger import Champion
from gates.run import loader, seen
from gates.run import serving as served_files
from gates.run.project import OWN_LEDGER, Project
from tests.adapters import mlflow_models
from tests.adapters.mlflow_models import ROWS
from tests.run.champions import anew, another_key, promote, trust_only_this_machine


@pytest.fixture
def serving(project: Project) -> Project:
    """A project with two champions, the second of which serves; this machine's key is the policy's."""
    trusting = trust_types(trust_only_this_machine(project))
    registry = mlflow_models.registry(trusting.root)
    for number in (1, 2):
        promote(trusting, registry, number)
    return trusting


def trust_types(project: Project) -> Project:
    """Let the policy trust what the small models are made of."""
    params = yaml.safe_load(project.params.read_text())
    params["gates"]["trusted_types"] = [*mlflow_models.TRUSTED]
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))
    return anew(project)


def champion(project: Project) -> Champion:
    """Return who serves."""
    found = project.history().champion
    assert found is not None
    return found


def copy(project: Project) -> Path:
    """Return the folder of the local copy."""
    return project.root / loader.KEPT / champion(project).sha


def test_the_champion_answers_and_says_who_it_is(serving: Project) -> None:
    """As `from gates import load_champion`; its headers lead back to run and model."""
    served = gates.load_champion(serving.root)
    expected = champion(serving)
    assert (served.sha, served.version, served.run_id) == (expected.sha, "2", expected.run_id)
    assert served.headers == {"X-Model-Run-Id": expected.run_id, "X-Model-Sha": expected.sha}
    assert served.model.predict_proba(ROWS).shape == (4, 2)


def test_the_ledger_decides_and_not_the_alias(serving: Project) -> None:
    """An alias moved by hand serves nobody."""
    Registry(serving.root, "churn").point_champion("1")
    assert gates.load_champion(serving.root).version == "2"


def test_a_copy_is_brought_once(serving: Project) -> None:
    """Afterwards MLflow may be gone."""
    gates.load_champion(serving.root)
    (serving.root / "mlflow.db").unlink()
    shutil.rmtree(serving.root / "mlruns")
    assert gates.load_champion(serving.root).version == "2"


def test_two_workers_bring_it_at_once(serving: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have fetched before either puts it in its place: one copy, and both serve it, now and later."""
    fetched, fetch = Barrier(2, timeout=60), served_files.fetch

    def together(*asked: Any) -> Path:  # noqa: ANN401 - whatever it is asked
        folder = fetch(*asked)
        fetched.wait()
        return folder

    before, who = serving.history(), champion(serving)
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as workers:
        patch.setattr(served_files, "fetch", together)
        brought = list(workers.map(lambda _: loader.bring(anew(serving), before, who), range(2)))
    assert brought == [copy(serving)] * 2
    assert gates.load_champion(serving.root).version == "2"
    assert list(copy(serving).parent.iterdir()) == [copy(serving)]


def test_it_says_nothing(serving: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A server's output is its own."""
    gates.load_champion(serving.root)
    assert capsys.readouterr() == ("", "")


def test_nobody_serves(project: Project) -> None:
    """Exit code 3, and where the ledger was looked for."""
    with pytest.raises(UndecidedError, match="churn has no champion") as caught:
        gates.load_champion(project.root)
    assert project.store.place in caught.value.why


def flip(path: Path) -> None:
    """Change a byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def distrust(project: Project) -> None:
    """Let the policy trust another key than the one that signed."""
    params = yaml.safe_load(project.params.read_text())
    params["gates"]["trusted_keys"] = ["0" * 64]
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))


def statement(project: Project) -> Path:
    """Return the file of the champion's statement."""
    return Path(project.store.place) / "objects" / champion(project).statement


def other_model(project: Project) -> None:
    """Put an earlier, good model in the place of the one that serves."""
    first = project.history().served[0]
    shutil.rmtree(copy(project))
    with_first = loader.bring(project, project.history(), first)
    shutil.copytree(with_first, copy(project))


TAMPERED: dict[str, Callable[[Project], object]] = {
    "ledger: removed": lambda project: shutil.rmtree(project.store.place),
    "ledger: a foreign file": lambda project: (Path(project.store.place) / "9.json").write_text("{}"),
    "key: not trusted any more": distrust,
    "statement: a byte changed": lambda project: flip(statement(project)),
    "statement: removed": lambda project: statement(project).unlink(),
    "model: signature edited": lambda project: (copy(project) / SIGNATURE_FILE).write_text("{}"),
    "model: an earlier one in its place": other_model,
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=list(TAMPERED))
def test_what_was_tampered_with_is_not_served(serving: Project, tamper: Callable[[Project], object]) -> None:
    """Exit code 6, also where it was served a moment ago; see test_tampering.py for all the other kinds."""
    gates.load_champion(serving.root)
    tamper(serving)
    with pytest.raises(TamperedError) as caught:
        gates.load_champion(serving.root)
    assert caught.value.code is ExitCode.TAMPERED
    assert caught.value.do


def test_an_older_ledger_is_not_served(serving: Project) -> None:
    """A backup that was put back whole: every signature holds, and the machine has seen more."""
    before = serving.root / "before"
    shutil.copytree(serving.store.place, before)
    promote(serving, mlflow_models.registry(serving.root), 3)
    assert gates.load_champion(serving.root).version == "3"
    shutil.rmtree(serving.store.place)
    before.rename(serving.store.place)
    with pytest.raises(TamperedError, match="once had 3"):
        gates.load_champion(serving.root)
    shutil.rmtree(serving.root / seen.FOLDER)
    assert gates.load_champion(serving.root).version == "2"


def test_a_type_that_is_trusted_no_more(serving: Project) -> None:
    """The policy of today decides what is built; the type is named."""
    params = yaml.safe_load(serving.params.read_text())
    params["gates"]["trusted_types"] = ["numpy.dtype"]
    serving.params.write_text(yaml.safe_dump(params, sort_keys=False))
    gates.load_champion(serving.root)  # a linear model needs none


# ---------------------------------------------------------------- export


@pytest.fixture
def exported(serving: Project, tmp_path: Path) -> Path:
    """What an image would hold."""
    result = loader.export(serving, tmp_path / "image")
    assert 'ledger=".gates/ledger"' in result.look
    return tmp_path / "image"


def test_an_export_needs_nothing_else(serving: Project, exported: Path) -> None:
    """Neither registry nor key nor the ledger that it was made from."""
    sha = champion(serving).sha
    shutil.rmtree(serving.root)
    served = gates.load_champion(exported, ledger=OWN_LEDGER)
    assert served.sha == sha
    assert not list(exported.rglob("key.pem"))


@pytest.mark.parametrize("name", [MODEL_FILE, "00000002.json", "params.yaml"])
def test_an_export_proves_itself(serving: Project, exported: Path, name: str) -> None:
    """Whatever of it is changed; with another list of keys it is another's."""
    (path,) = exported.rglob(name)
    if name == "params.yaml":
        path.write_text(path.read_text().replace(serving.policy.trusted_keys[0].key, "f" * 64))
    else:
        flip(path)
    with pytest.raises(TamperedError):
        gates.load_champion(exported, ledger=OWN_LEDGER)


def test_an_export_is_no_ledger_that_lost_its_tail(serving: Project, tmp_path: Path) -> None:
    """Checkpoints go on after it was made; it is the ledger of its day, and asks no second place."""
    params = yaml.safe_load(serving.params.read_text())
    params["gates"]["checkpoints"] = str(tmp_path / "checkpoints")
    serving.params.write_text(yaml.safe_dump(params, sort_keys=False))
    guarded = anew(serving)
    loader.export(guarded, tmp_path / "image")
    promote(guarded, mlflow_models.registry(guarded.root), 3)
    assert gates.load_champion(tmp_path / "image", ledger=OWN_LEDGER).version == "2"
    assert gates.load_champion(guarded.root).version == "3"


@pytest.mark.parametrize("place", ["elsewhere", "{root}/elsewhere"])
def test_a_live_ledger_asks_the_second_place_wherever_it_is(
    serving: Project, tmp_path: Path, place: str
) -> None:
    """Its tail was cut: only an export is a ledger of its day."""
    params = yaml.safe_load(serving.params.read_text())
    params["gates"]["checkpoints"] = str(tmp_path / "checkpoints")
    serving.params.write_text(yaml.safe_dump(params, sort_keys=False))
    promote(anew(serving), mlflow_models.registry(serving.root), 3)
    shutil.copytree(serving.root / OWN_LEDGER, serving.root / "elsewhere")
    live = place.format(root=serving.root)
    assert gates.load_champion(serving.root, ledger=live).version == "3"
    (serving.root / "elsewhere/churn/00000003.json").unlink()
    shutil.rmtree(serving.root / seen.FOLDER)
    with pytest.raises(TamperedError, match="has 2 entries and once had 3"):
        gates.load_champion(serving.root, ledger=live)


def test_an_export_that_nobody_could_verify(project: Project, tmp_path: Path) -> None:
    """The machine's own key is not in the image: the policy has to list one."""
    with pytest.raises(InvalidError, match="lists no key") as caught:
        loader.export(project, tmp_path / "image")
    assert "gates.trusted_keys" in caught.value.do


def test_an_export_goes_into_a_new_folder(serving: Project, tmp_path: Path) -> None:
    """Nothing is written over."""
    (tmp_path / "image").mkdir()
    (tmp_path / "image/mine").write_text("")
    with pytest.raises(InvalidError, match="not an empty folder"):
        loader.export(serving, tmp_path / "image")


def test_a_foreign_signers_champion_is_not_exported(
    serving: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export is made of what verifies."""
    monkeypatch.setenv("GATES_SIGNING_KEY", another_key())
    statement(serving).write_bytes(b"{}")
    with pytest.raises(TamperedError):
        loader.export(replace(serving), tmp_path / "image")
