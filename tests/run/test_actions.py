"""The actions of this repository are the commands, in another form."""

import shutil
from pathlib import Path

import pytest
import yaml

from gates.cli import cli, described_commands
from gates.run import actions

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = described_commands()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of this repository's actions."""
    shutil.copytree(ROOT / actions.FOLDER, tmp_path / actions.FOLDER)
    return tmp_path


def test_the_repositorys_actions_fit(root: Path) -> None:
    """Else run `gates actions`."""
    assert actions.run(root, COMMANDS, check=True).sentence == "All actions fit."


def test_every_command_has_one_but_those_for_a_person() -> None:
    """Somebody at a keyboard has `ship`, `key` and `actions`."""
    folders = {path.parent.name for path in (ROOT / actions.FOLDER).glob("*/action.yml")}
    assert folders - {"setup"} == set(COMMANDS) == set(cli.commands) - {"ship", "key", "actions"}


@pytest.mark.parametrize("name", COMMANDS)
def test_inputs_are_the_flags(name: str) -> None:
    """All but `--json`, required where the flag is."""
    text = (ROOT / actions.FOLDER / name / "action.yml").read_text()
    inputs = yaml.safe_load(text)["inputs"]
    flags = {each.opts[0].lstrip("-"): each.required for each in COMMANDS[name].params}
    assert {flag: each["required"] for flag, each in inputs.items()} == {
        flag: required for flag, required in flags.items() if flag != "json"
    }


def test_what_differs_is_named_and_not_written(root: Path) -> None:
    """`--check` changes nothing and ends with fail."""
    changed, gone = (root / actions.FOLDER / name / "action.yml" for name in ("golden", "status"))
    changed.write_text("name: other\n")
    gone.unlink()
    result = actions.run(root, COMMANDS, check=True)
    assert result.outcome == "fail"
    assert {"golden", "status"} == set(result.sentence.partition(": ")[2].partition(".")[0].split(", "))
    assert changed.read_text() == "name: other\n"
    assert not gone.exists()


def test_what_differs_is_written_and_nothing_else(root: Path) -> None:
    """Afterwards all fit; the others keep their time."""
    (root / actions.FOLDER / "golden" / "action.yml").write_text("name: other\n")
    kept = root / actions.FOLDER / "status" / "action.yml"
    before = kept.stat().st_ino
    assert actions.run(root, COMMANDS, check=False).sentence == f"1 of {len(COMMANDS)} actions written."
    assert actions.run(root, COMMANDS, check=True).outcome == "pass"
    assert kept.stat().st_ino == before
