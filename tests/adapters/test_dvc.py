"""DVC with a folder for a remote: what it reports as done is done."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gates.adapters import dvc
from gates.errors import ExitCode, GatesError, InvalidError, UnavailableError

CONTENT = b"id,value\n1,2\n"
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
CONFIG = """\
[core]
    remote = storage
    analytics = false
['remote "storage"']
    url = ../.bucket
    verify = true
"""
PIPELINE = """\
stages:
  double:
    cmd: python double.py
    deps: [double.py, raw.csv]
    outs: [doubled.csv]
"""
DOUBLE = "from pathlib import Path\nPath('doubled.csv').write_bytes(Path('raw.csv').read_bytes() * 2)\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DVC project whose raw file lies in the bucket and nowhere else."""
    for kind in ("SYSTEM_CONFIG", "GLOBAL_CONFIG", "SITE_CACHE"):
        monkeypatch.setenv(f"DVC_{kind}_DIR", str(tmp_path / "state"))
    root = tmp_path / "project"
    stored = root / ".bucket/files/md5" / MD5[:2] / MD5[2:]
    stored.parent.mkdir(parents=True)
    stored.write_bytes(CONTENT)
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text(CONFIG)
    (root / "dvc.py").write_text("raise SystemExit('run from the project')")
    (root / "raw.csv.dvc").write_text(f"outs:\n- {{md5: {MD5}, hash: md5, path: raw.csv}}\n")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root


@pytest.fixture
def stored(root: Path) -> Path:
    """The raw file's object in the bucket."""
    return root / ".bucket/files/md5" / MD5[:2] / MD5[2:]


def pull(root: Path) -> None:
    dvc.pull(root, root / "raw.csv", root.parent / "log")


def test_pull_brings_the_bytes(root: Path) -> None:
    """The file is what the pointer names."""
    pull(root)
    assert (root / "raw.csv").read_bytes() == CONTENT


@pytest.mark.usefixtures("warm")
def test_a_missing_object_is_unavailable(root: Path, stored: Path) -> None:
    """Exit code 4, the file's name, DVC's reason, and where the log is."""
    stored.unlink()
    with pytest.raises(UnavailableError, match=r"raw\.csv") as caught:
        pull(root)
    assert caught.value.code is ExitCode.UNAVAILABLE
    assert caught.value.why
    assert str(root.parent / "log") in caught.value.do
    assert (root.parent / "log").read_text()


@pytest.mark.usefixtures("warm")
def test_a_corrupted_object_does_not_arrive(root: Path, stored: Path) -> None:
    """With `verify`, a changed byte of the same length is noticed."""
    stored.write_bytes(CONTENT.replace(b"2", b"3"))
    with pytest.raises(UnavailableError):
        pull(root)
    assert not (root / "raw.csv").exists()


def test_pointer_is_the_md5(root: Path) -> None:
    """What DVC calls the content."""
    assert dvc.pointer(root / "raw.csv") == MD5


@pytest.mark.parametrize(
    "text", ["outs: []\n", "outs: raw\n", "outs:\n- path: raw.csv\n", "deps: []\n", "- 1\n", "{", ""]
)
def test_a_malformed_pointer_is_named(root: Path, text: str) -> None:
    """Not one file: the pointer's path is in the error."""
    (root / "raw.csv.dvc").write_text(text)
    with pytest.raises(InvalidError, match=r"raw\.csv\.dvc"):
        dvc.pointer(root / "raw.csv")


def test_an_absent_pointer_is_named(root: Path) -> None:
    """The data was never added."""
    with pytest.raises(InvalidError, match=r"other\.csv\.dvc"):
        dvc.pointer(root / "other.csv")


def test_remote_is_the_default_one(root: Path) -> None:
    """As it stands in the configuration; the local one wins."""
    assert dvc.remote(root) == "../.bucket"
    (root / ".dvc/config.local").write_text("['remote \"storage\"']\n    url = s3://data/a%20b\n")
    assert dvc.remote(root) == "s3://data/a%20b"


@pytest.mark.parametrize("line", ["", "    verify = false\n"])
def test_a_remote_that_does_not_verify_is_refused(root: Path, line: str) -> None:
    """Without it DVC takes a corrupted object; the error gives the command."""
    (root / ".dvc/config").write_text(CONFIG.replace("    verify = true\n", line))
    with pytest.raises(InvalidError, match="does not verify") as caught:
        dvc.remote(root)
    assert caught.value.do == "dvc remote modify storage verify true"


@pytest.mark.parametrize(
    "text", ["", "[core]\n", "[core]\n    remote = other\n", "no section\n", "[core]\n    remote\n"]
)
def test_without_a_default_remote(root: Path, text: str) -> None:
    """No remote, one without address, and no configuration at all are all ours to explain."""
    (root / ".dvc/config").write_text(text)
    with pytest.raises(InvalidError, match="config"):
        dvc.remote(root)


@pytest.mark.usefixtures("warm")
def test_stages_run_once_and_are_told(root: Path) -> None:
    """`repro` names the stage that runs; afterwards nothing has changed until an input does."""
    log = root.parent / "log"
    (root / "raw.csv.dvc").unlink()
    (root / "raw.csv").write_bytes(CONTENT)
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "double.py").write_text(DOUBLE)
    ran: list[str] = []
    dvc.repro(root, log, ran.append)
    assert ran == ["double"]
    assert (root / "doubled.csv").read_bytes() == CONTENT * 2
    assert dvc.unchanged(root, log)
    (root / "double.py").write_text(DOUBLE.replace("2", "3"))
    assert not dvc.unchanged(root, log)


@pytest.mark.usefixtures("warm")
def test_a_poisoned_run_cache_is_not_trusted(root: Path) -> None:
    """It says that the stage made other bytes: DVC by itself believes it, our run makes them anew."""
    log = root.parent / "log"
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "double.py").write_text(DOUBLE)
    pull(root)
    dvc.repro(root, log, lambda _: None)
    (entry,) = (path for path in (root / ".dvc/cache/runs").rglob("*") if path.is_file())
    good = hashlib.md5(CONTENT * 2, usedforsecurity=False).hexdigest()
    assert good in entry.read_text()
    entry.chmod(0o644)
    entry.write_text(entry.read_text().replace(good, MD5))

    def forget() -> None:
        (root / "doubled.csv").unlink()
        (root / "dvc.lock").unlink()

    forget()
    believing = [sys.executable, "-P", "-m", "dvc", "repro", "--quiet"]
    subprocess.run(believing, cwd=root, check=True, capture_output=True)
    assert (root / "doubled.csv").read_bytes() == CONTENT
    forget()
    dvc.repro(root, log, lambda _: None)
    assert (root / "doubled.csv").read_bytes() == CONTENT * 2


@pytest.mark.usefixtures("warm")
def test_an_output_is_put_back_whatever_the_code_is_now(root: Path) -> None:
    """It comes from the cache; that a stage would run again is no reason to miss it. Gone there: false."""
    log = root.parent / "log"
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "double.py").write_text(DOUBLE)
    pull(root)
    dvc.repro(root, log, lambda _: None)
    (root / "doubled.csv").unlink()
    (root / "double.py").write_text(DOUBLE.replace("2", "3"))
    assert dvc.checkout(root, log)
    assert (root / "doubled.csv").read_bytes() == CONTENT * 2
    (root / "doubled.csv").unlink()
    shutil.rmtree(root / ".dvc/cache")
    assert not dvc.checkout(root, log)


@pytest.mark.usefixtures("warm")
def test_a_broken_pipeline_is_no_checkout(root: Path) -> None:
    """The caller tries to rebuild, which says what is wrong."""
    (root / "dvc.yaml").write_text("stages: 7\n")
    assert not dvc.checkout(root, root.parent / "log")


@pytest.mark.parametrize("data", [b"no section\n", b"[core\n", b"[core]\nremote = \xff\n"])
def test_a_configuration_that_is_none(root: Path, data: bytes) -> None:
    """The error says how to bring it back."""
    (root / ".dvc/config").write_bytes(data)
    with pytest.raises(InvalidError, match="is not a configuration of DVC") as caught:
        dvc.remote(root)
    assert caught.value.do == "Bring it back: git checkout .dvc/config"


def test_a_percent_sign_in_an_address_is_itself(root: Path) -> None:
    """DVC does not interpolate; neither do we."""
    (root / ".dvc/config").write_text(CONFIG.replace("../.bucket", "s3://data/%(here)s"))
    assert dvc.remote(root) == "s3://data/%(here)s"


@pytest.mark.usefixtures("warm")
def test_an_empty_pipeline_trains_nothing(root: Path) -> None:
    """DVC itself has nothing to do, and ends well."""
    (root / "dvc.yaml").write_text("\n")
    with pytest.raises(InvalidError, match="is empty: nothing trains") as caught:
        dvc.repro(root, root.parent / "log", lambda _: None)
    assert caught.value.do == "Bring it back: git checkout dvc.yaml"


def test_a_failing_stage_says_why(root: Path) -> None:
    """The stage's own last words are in the error, and all of them in the log."""
    (root / "dvc.yaml").write_text("stages:\n  broken:\n    cmd: python broken.py\n")
    (root / "broken.py").write_text("raise SystemExit('the column tenure is gone')\n")
    with pytest.raises(InvalidError, match="dvc repro failed") as caught:
        dvc.repro(root, root.parent / "log", lambda _: None)
    assert "the column tenure is gone" in caught.value.why + (root.parent / "log").read_text()
    assert "broken" in caught.value.why


@pytest.mark.usefixtures("warm")
def test_a_broken_pipeline_is_not_unchanged(root: Path) -> None:
    """`dvc status` that fails is an error, not an answer."""
    (root / "dvc.yaml").write_text("stages: 7\n")
    with pytest.raises(GatesError, match="dvc status failed"):
        dvc.unchanged(root, root.parent / "log")
