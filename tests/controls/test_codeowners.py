"""Who owns a file, as GitHub says it."""

import pytest

from gates.controls.codeowners import guards, owners

PLACE = ".github/CODEOWNERS"
ALL = "* @all\n"


@pytest.mark.parametrize(
    "pattern",
    ["*", "**", "gates.lock", "*.lock", "gates.*", "/a/b/gates.lock", "a/b/gates.lock", "/a/b/*", "/a/b/",
     "/a/", "a/", "b/", "/a", "/a/**", "a/**/gates.lock", "**/gates.lock", "**/b/", "/**/gates.lock",
     "gates.loc?"],
)  # fmt: skip
def test_a_pattern_that_matches(pattern: str) -> None:
    """Of files and of the folders above them."""
    assert owners(f"{pattern} @sec", "a/b/gates.lock") == (pattern, frozenset({"@sec"}))


@pytest.mark.parametrize(
    "pattern",
    ["/gates.lock", "/b/gates.lock", "b/gates.lock", "/other/gates.lock", "/a/*", "a/*", "*.py", "gates",
     "gates.lock/", "/b/", "Gates.lock", "gatesxlock", "!gates.lock", "[g]ates.lock", "\\gates.lock"],
)  # fmt: skip
def test_a_pattern_that_does_not(pattern: str) -> None:
    """Anchored elsewhere, of another name, or no pattern of CODEOWNERS."""
    assert owners(f"{pattern} @sec", "a/b/gates.lock") == ("", frozenset())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (f"{ALL}/gates.lock @sec", True),
        (f"{ALL}/gates.lock @org/sec a@example.org # both", True),
        ("/.github/ @sec\n/gates.lock @sec", True),
        (f"/gates.lock @sec\n{ALL}", False),
        (f"{ALL}/gates.lock @sec\n*.lock @all", False),
        (f"{ALL}/gates.lock @sec\n/gates.lock", False),
        (f"{ALL}/other/gates.lock @sec", False),
        (f"{ALL}/gates.lock sec", False),
        (f"{ALL}/gates.lock # @sec", False),
        (f"{ALL}# /gates.lock @sec", False),
        (ALL, False),
        ("", False),
        ("/gates.lock @sec", False),
        (f"{ALL}/gates.lock @sec\n/.github/", False),
    ],
)
def test_whether_a_pin_is_guarded(text: str, word: bool) -> None:  # noqa: FBT001 - a column of the table
    """By the last line that matches, if it means the pin; and by owners of the file that says so."""
    assert guards(text, PLACE, "gates.lock") is word
