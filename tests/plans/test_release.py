"""What a release asks before it makes anything public, and what it leaves as it is."""

from dataclasses import replace

import pytest

from gates.errors import ConflictError, GatesError, InvalidError, TamperedError, UndecidedError
from gates.plans.release import Facts, MoveTag, Publish, major, plan

COMMIT, OTHER = "c" * 40, "d" * 40
FACTS = Facts(
    tag="v1.2.3",
    version="1.2.3",
    notes="- News.",
    head=COMMIT,
    commit=COMMIT,
    checks=("success",),
    released={"v1.2.2": f"Commit: {OTHER}"},
    moving=OTHER,
)
TEXT = f"- News.\n\nCommit: {COMMIT}\n"


def test_a_version_is_published_before_the_moving_tag_leads_to_it() -> None:
    assert plan(FACTS) == [Publish("v1.2.3", TEXT, latest=True), MoveTag("v1", COMMIT, new=False)]


def test_the_first_version_of_a_major_makes_its_tag() -> None:
    facts = replace(FACTS, released={}, moving="")
    assert plan(facts)[1] == MoveTag("v1", COMMIT, new=True)


def test_what_is_done_is_not_done_again() -> None:
    assert plan(replace(FACTS, released={"v1.2.3": TEXT}, moving=COMMIT)) == []


def test_a_release_that_was_cut_off_is_completed() -> None:
    assert plan(replace(FACTS, released={"v1.2.3": TEXT})) == [MoveTag("v1", COMMIT, new=False)]


@pytest.mark.parametrize(
    ("newer", "latest", "moves"),
    [
        ("v1.2.4", False, False),
        ("v1.10.0", False, False),
        ("v2.0.0", False, True),
        ("v1.2.1", True, True),
        ("nightly", True, True),
    ],
)
def test_an_older_version_does_not_take_the_place_of_a_newer_one(
    newer: str, *, latest: bool, moves: bool
) -> None:
    publish, *rest = plan(replace(FACTS, released={newer: ""}))
    assert isinstance(publish, Publish)
    assert (publish.latest, bool(rest)) == (latest, moves)


@pytest.mark.parametrize(
    ("facts", "kind", "says"),
    [
        (replace(FACTS, version="1.2.4"), InvalidError, "not the version in pyproject.toml, 1.2.4"),
        (replace(FACTS, notes=""), InvalidError, "no section `## 1.2.3`"),
        (replace(FACTS, commit=""), ConflictError, "names nothing on GitHub"),
        (replace(FACTS, commit=OTHER), ConflictError, "names dddddddddddd on GitHub, not cccccccccccc"),
        (replace(FACTS, checks=()), UndecidedError, "did not run on cccccccccccc"),
        (replace(FACTS, checks=("success", "")), UndecidedError, "still runs"),
        (replace(FACTS, checks=("success", "failure")), UndecidedError, "ended with failure"),
        (
            replace(FACTS, released={"v1.2.3": f"Commit: {OTHER}"}),
            TamperedError,
            "was released from another commit",
        ),
    ],
)
def test_what_does_not_fit_is_not_released(facts: Facts, kind: type[GatesError], says: str) -> None:
    with pytest.raises(kind, match=says):
        plan(facts)


@pytest.mark.parametrize("tag", ["v1", "v1.2", "1.2.3", "v1.2.3-rc1", "v01.2.3", "v1.2.3\n", "main", ""])
def test_only_a_version_is_released(tag: str) -> None:
    with pytest.raises(InvalidError, match="no version such as"):
        major(tag)
