"""The README says what the code says."""

import re
from pathlib import Path

from gates import checks
from gates.cli import cli

LEAST = 85
ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_the_gate_table_is_the_registry() -> None:
    """One row a gate, with the question that its docstring asks."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+\?) \|$", README, re.MULTILINE))
    assert rows == {name: (checks.load(name).__doc__ or "").splitlines()[0] for name in checks.names()}


def test_every_command_that_it_names_exists() -> None:
    """What a reader types is there."""
    named = set(re.findall(r"`?gates ([a-z]+)\b(?!:)", re.sub(r"`gates:`", "", README)))
    prose = {"in", "and", "that", "with", "a", "measure", "import"}
    assert named - prose <= set(cli.commands)
    assert {"ship", "status", "history", "show", "rollback", "restore"} <= named | {"ship"}


def test_every_make_target_that_it_names_exists() -> None:
    """`make ship` and its like are targets of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)|^make ([a-z]+)", README, re.MULTILINE))
    assert {first or second for first, second in named} <= targets


def test_the_share_of_killed_mutants_is_told() -> None:
    """What `make mutants` printed last; it ends with 1 below the goal, whatever stands here."""
    (share,) = re.findall(r"`make mutants` [^.]*?(\d+) %", README)
    assert LEAST <= int(share) <= 100


def test_files_that_it_names_are_there() -> None:
    """Links and file names lead somewhere."""
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    named = re.findall(r"`((?:scripts|gates|contracts|tests)/[\w/]*|[\w.]+\.yaml)`", README)
    assert {"gates/checks"} <= set(linked)
    assert {"scripts/", "tests/latency/", "params.yaml", "dvc.yaml"} <= set(named)
    for name in {*linked, *named}:
        assert (ROOT / name).exists(), name
