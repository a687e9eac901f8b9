"""The house's rules about itself: exceptions have reasons, floors are complete, stages stay the user's."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "pyproject.toml").read_text("utf-8")
TOOL = tomllib.loads(TEXT)["tool"]
LINT = TOOL["ruff"]["lint"]
CONTRACTS = {contract["id"]: contract for contract in TOOL["importlinter"]["contracts"]}
CODES = LINT["ignore"] + [code for codes in LINT["per-file-ignores"].values() for code in codes]
SCRIPTS = sorted((ROOT / "scripts").glob("**/*.py"))
CODE = [
    path
    for folder in ("gates", "scripts", "benchmarks", "tests")
    for path in sorted((ROOT / folder).glob("**/*.py"))
]


def imports(path: Path) -> set[str]:
    """Top-level names of what a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_every_ruff_ignore_has_a_reason() -> None:
    """A rule is switched off for a reason, which stands beside it."""
    with_reason = re.findall(r'(?m)^  "([A-Z]+[0-9]*)", +# \S.{10,}$', TEXT)
    assert sorted(with_reason) == sorted(CODES)


def test_every_exception_in_the_code_has_a_reason() -> None:
    """`noqa` and `type: ignore` name their code and say why, after it."""
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in CODE
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if (comment := re.search(r"# (?:noqa|type: ignore)\b(.*)", line))
        and not re.match(r"(?:: [A-Z]+\d+(?:, [A-Z]+\d+)*|\[[a-z, -]+\])(?: - |  # ).{8,}", comment[1])
    ]
    assert bare == []


def test_every_room_has_a_floor() -> None:
    """What lies in `gates/` stands in the contract of the floors."""
    floors = {room for layer in CONTRACTS["floors"]["layers"] for room in re.split(r"[ |]+", layer)}
    names = {path.stem for path in (ROOT / "gates").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert {name for name in names if not name.startswith("_")} == floors


def test_the_readme_shows_the_floors() -> None:
    """As the contract has them."""
    shown = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert " → ".join(CONTRACTS["floors"]["layers"]) in shown


def test_every_room_but_three_is_pure() -> None:
    """A new room is pure unless it is one of the three that may reach the world."""
    floors = {room for layer in CONTRACTS["floors"]["layers"] for room in re.split(r"[ |]+", layer)}
    pure = {module.removeprefix("gates.") for module in CONTRACTS["pure"]["source_modules"]}
    assert floors - pure == {"adapters", "run", "cli"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_stages_import_nothing_from_gates(path: Path) -> None:
    """The stages are the user's: they run without this package."""
    assert "gates" not in imports(path)


def test_there_are_stages() -> None:
    """The test above looks at something."""
    assert SCRIPTS
