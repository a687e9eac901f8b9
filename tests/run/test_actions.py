"""Actions are the commands in another form; pages and schema are what workflows and gates say."""

import shutil
from pathlib import Path

import pytest
import yaml

from gates.cli import cli, described_commands
from gates.run import actions, reference

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = described_commands()
PAGES = (actions.PAGE, *reference.pages())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of this repository's actions and workflows, and of the pages about all."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    for page in PAGES:
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / page, tmp_path / page)
    return tmp_path


def test_the_repositorys_actions_and_page_fit(root: Path) -> None:
    """Else run `gates actions`."""
    assert actions.run(root, COMMANDS, check=True).sentence == "All fit."


def test_every_command_has_one_but_those_for_a_person() -> None:
    """Somebody at a keyboard has `init`, `ship`, `key` and `actions`; this repository, `release`."""
    folders = {path.parent.name for path in (ROOT / actions.FOLDER).glob("*/action.yml")}
    assert (
        folders - {"setup"}
        == set(COMMANDS)
        == set(cli.commands) - {"init", "ship", "key", "actions", "release"}
    )


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
    changed, gone = root / actions.FOLDER / "golden" / "action.yml", root / "docs/gates/golden.md"
    changed.write_text("name: other\n")
    gone.unlink()
    result = actions.run(root, COMMANDS, check=True)
    assert result.outcome == "fail"
    for path in (changed, gone):
        assert path.relative_to(root).as_posix() in result.sentence
    assert changed.read_text() == "name: other\n"
    assert not gone.exists()


def test_the_action_of_a_command_that_is_no_more_is_named_and_then_removed(root: Path) -> None:
    """But not one that somebody wrote by hand."""
    gone, by_hand = (root / actions.FOLDER / name / "action.yml" for name in ("gone", "by-hand"))
    for path, text in (
        (gone, (root / actions.FOLDER / "golden/action.yml").read_text()),
        (by_hand, "name: x\n"),
    ):
        path.parent.mkdir()
        path.write_text(text)
    checked = actions.run(root, COMMANDS, check=True)
    assert (checked.outcome, "gone/action.yml" in checked.sentence, gone.exists()) == ("fail", True, True)
    actions.run(root, COMMANDS, check=False)
    assert (gone.exists(), by_hand.exists()) == (False, True)
    assert actions.run(root, COMMANDS, check=True).sentence == "All fit."


def test_what_differs_is_written_and_nothing_else(root: Path) -> None:
    """Afterwards all fit; the others keep their time."""
    (root / actions.FOLDER / "golden" / "action.yml").write_text("name: other\n")
    kept = root / actions.FOLDER / "status" / "action.yml"
    before = kept.stat().st_ino
    assert (
        actions.run(root, COMMANDS, check=False).sentence
        == f"1 of {len(COMMANDS) + len(PAGES)} files written."
    )
    assert actions.run(root, COMMANDS, check=True).outcome == "pass"
    assert kept.stat().st_ino == before


def test_the_page_names_every_reusable_workflow_with_all_that_it_takes_and_gives() -> None:
    page = (ROOT / actions.PAGE).read_text()
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        call = yaml.safe_load(file.read_text())[True]
        assert (f"## {file.name}" in page) == ("workflow_call" in call), file.name
        for kind in ("inputs", "secrets", "outputs"):
            for name, each in (call.get("workflow_call", {}).get(kind) or {}).items():
                assert f"| `{name}` |" in page
                assert each["description"].replace("|", "/") in page
    assert "| `publish` | 10 min | github-pages | pages: write, id-token: write |" in page
    assert "{'" not in page
