"""JUnit's XML as a stranger's file: read back as written, and refused where it is anything else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates import junit
from gates.errors import InvalidError
from gates.junit import KINDS, WORSE, Case, Suite

NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).map(
    lambda text: f"test_behaviour.{text}"
)
CASES = st.sampled_from(WORSE).flatmap(
    lambda ended: st.builds(
        Case,
        ended=st.just(ended),
        kind=st.sampled_from(["", *KINDS]),
        message=st.just("") if ended == "passed" else st.text("ab<>&\"' é", max_size=20),
    )
)
SUITES = st.builds(
    Suite,
    cases=st.dictionaries(NAMES, CASES, max_size=5),
    collected=st.lists(NAMES, max_size=5).map(tuple),
)
GOOD = junit.write(
    {
        "challenger": Suite(
            {"a.b": Case("passed", "direction"), "a.c": Case("failed", "", "1 == 2")}, ("a.b",)
        ),
        "champion": Suite(),
    }
)
PYTEST = b"""<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest"
errors="1" failures="1" skipped="1" tests="3" time="0.1" timestamp="2026-06-01T00:00:00" hostname="ada">
<properties><property name="other" value="1" /></properties>
<testcase classname="test_a" name="test_passes" time="0.001"><properties><property name="behaviour"
value="invariance" /></properties><system-out>a &lt;testcase&gt; is said</system-out></testcase>
<testcase classname="test_a" name="test_skips" time="0.0"><skipped type="pytest.skip" message="no">x</skipped>
</testcase><testcase classname="test_a" name="test_fails" time="0.0"><failure message="1 == 2">x</failure>
</testcase><testcase classname="test_a" name="test_fails" time="0.0"><error message="y">x</error></testcase>
</testsuite></testsuites>"""
BOMB = b"""<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">]><testsuites>&lol2;</testsuites>"""
OUTSIDE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><testsuites>&b;</testsuites>'


def one(case: str, *, tests: int = 1) -> bytes:
    """A suite of one test, written as it stands."""
    return f'<testsuites><testsuite name="x" tests="{tests}">{case}</testsuite></testsuites>'.encode()


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no element found"),
    "blank": (b" \n", "no element found"),
    "truncated": (GOOD[:-20], "no element found|unclosed token"),
    "cut in an element": (GOOD[: GOOD.index(b"failure") + 3], "unclosed token"),
    "trailing bytes": (GOOD + b"<x/>", "junk after document"),
    "JSON": (b'{"tests": 1}', "not well-formed"),
    "HTML": (b"<html><body/></html>", "its root is 'html'"),
    "a stray test": (b'<testsuites><testcase name="a"/></testsuites>', "stands in a testsuites"),
    "a suite in a suite": (b"<testsuite><testsuite/></testsuite>", "a testsuite stands in a testsuite"),
    "not UTF-8": (b'<testsuite name="\xff"/>', "not well-formed"),
    "NUL": (b"<testsuite>\0</testsuite>", "not well-formed"),
    "billion laughs": (BOMB, "document type"),
    "a file of this machine": (OUTSIDE, "document type"),
    "an unknown entity": (b"<testsuites>&b;</testsuites>", "undefined entity"),
    "deep": (b"<testsuites>" + b"<x>" * 10_000, "nested deeper"),
    "more counted than there": (
        one('<testcase classname="a" name="b"/>', tests=2),
        "tells 2 tests, and has 1",
    ),
    "fewer counted": (GOOD.replace(b'failures="1"', b'failures="0"'), "tells 0 failures, and has 1"),
    "a count that is none": (GOOD.replace(b'tests="2"', b'tests="two"'), "tells two tests"),
    "a suite twice": (b'<testsuites><testsuite name="a"/><testsuite name="a"/></testsuites>', "stands twice"),
    "no name": (one("<testcase/>"), "no name of a test"),
    "a long name": (one(f'<testcase classname="a" name="{"b" * 500}"/>'), "at most 500 characters"),
    "a name that moves the cursor": (one('<testcase classname="a" name="&#x9b;2J"/>'), "no name of a test"),
    "an unknown kind": (GOOD.replace(b"direction", b"directions"), "'directions' is no kind"),
}


@given(suites=st.dictionaries(st.sampled_from(["", "challenger", "champion"]), SUITES))
def test_what_was_written_is_read_back(suites: dict[str, Suite]) -> None:
    """Name, kind, end and message of every test, and what was collected."""
    assert junit.parse(junit.write(suites), "a file") == suites


def test_what_pytest_itself_writes_is_read() -> None:
    """Its own properties and output are passed over; a test that ended twice ended as the worse."""
    (suite,) = junit.parse(PYTEST, "a file").values()
    assert suite.cases == {
        "test_a.test_passes": Case("passed", "invariance"),
        "test_a.test_skips": Case("skipped", "", "no"),
        "test_a.test_fails": Case("failed", "", "1 == 2"),
    }


@pytest.mark.parametrize(("data", "why"), BAD.values(), ids=BAD)
def test_what_is_no_result_is_refused(data: bytes, why: str, tmp_path: Path) -> None:
    """With the file's name, and the command that writes it."""
    path = tmp_path / "behaviour.xml"
    path.write_bytes(data)
    with pytest.raises(InvalidError, match=why) as caught:
        junit.read(path)
    assert str(path) in caught.value.what
    assert "gates predict" in caught.value.do


def test_what_is_huge_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its bytes, its tests, and the names of tests that were to be run."""
    path = tmp_path / "behaviour.xml"
    path.write_bytes(b"<testsuites>" + b" " * junit.MAX_BYTES + b"</testsuites>")
    with pytest.raises(InvalidError, match="over-long"):
        junit.read(path)
    monkeypatch.setattr(junit, "MAX_TESTS", 2)
    names = ("a.a", "a.b", "a.c")
    for suite in (Suite(dict.fromkeys(names, Case("passed"))), Suite(collected=names)):
        with pytest.raises(InvalidError, match="more than 2 tests"):
            junit.parse(junit.write({"": suite}), "a file")


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ("test_a.py::test_b", "test_a.test_b"),
        ("sub/test_a.py::TestC::test_d[x/y::z.py]", "sub.test_a.TestC.test_d[x/y::z.py]"),
    ],
)
def test_a_test_is_named_as_pytest_names_it_in_junit(node: str, name: str) -> None:
    """What stands in brackets is the team's own."""
    assert junit.name_of(node) == name


@pytest.mark.parametrize("node", ["test_b.py::test_d[{}]", "test_b.py::{}"])
def test_a_long_name_is_shortened(node: str) -> None:
    """To one that is read back, and that no other test has."""
    names = {junit.name_of(node.format("x" * 10_000 + end)) for end in ("a", "b")}
    assert {len(each) for each in names} == {junit.MAX_NAME}
    suite = Suite({each: Case("passed", "direction") for each in names}, tuple(sorted(names)))
    assert len(names) == 2
    assert junit.parse(junit.write({"": suite}), "written") == {"": suite}
