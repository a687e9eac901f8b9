"""What tests of behaviour have said: JUnit's XML, a suite for each model that was tested.

The file is the result of code that is not ours, so it is read as a stranger's: bounded, without document
types and the entities that they bring, and refused where its own counts do not fit what it lists.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias, get_args
from xml.parsers import expat  # streams: it builds nothing before we have looked at it
from xml.sax.saxutils import quoteattr

from gates import digest
from gates.errors import InvalidError
from gates.paths import read_bytes

Kind: TypeAlias = Literal["invariance", "direction", "minimum_functionality"]
Ended: TypeAlias = Literal["passed", "skipped", "error", "failed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
WORSE: tuple[Ended, ...] = get_args(Ended)  # from the best on: a test that ended twice ended as the worse
KIND, COLLECTED = "behaviour", "collected"  # names of properties
TAGS: dict[str, Ended] = {"failure": "failed", "error": "error", "skipped": "skipped"}
COUNTS = {"tests": "", "failures": "failure", "errors": "error", "skipped": "skipped"}
MAX_BYTES = 16 * 1024 * 1024
MAX_TESTS = 10_000
MAX_NAME = 500
MAX_MESSAGE = 300
DEEPEST = 5


@dataclass(frozen=True)
class Case:
    """One test and how it ended.

    Attributes:
        ended: ``failed`` is an assertion that does not hold, ``error`` a test that could not be run.
        kind: Its mark; empty for none.
        message: Why it did not pass, in a line; empty where nothing was told.
    """

    ended: Ended
    kind: Kind | Literal[""] = ""
    message: str = ""


@dataclass(frozen=True)
class Suite:
    """What the tests said of one model.

    Attributes:
        cases: Name to test, such as ``test_behaviour.test_scores[a]``.
        collected: Names of the tests that were to be run, in their order.
    """

    cases: Mapping[str, Case] = field(default_factory=dict)
    collected: tuple[str, ...] = ()


def name_of(node: str) -> str:
    """Return how JUnit calls a test: `sub/test_b.py::TestC::test_d[x]` is `sub.test_b.TestC.test_d[x]`.

    Of one too long for `read`, such as with a parameter that nobody has named, a digest stands for the end.
    """
    address, bracket, parameters = node.partition("[")
    file, *inner = address.split("::")
    name = ".".join([file.removesuffix(".py").replace("/", "."), *inner]) + bracket + parameters
    if len(name) <= MAX_NAME:
        return name
    end = f"…{digest.of_bytes(name.encode(errors='backslashreplace'))[:16]}"
    return name[: MAX_NAME - len(end)] + end


def write(suites: Mapping[str, Suite]) -> bytes:
    """Return the XML of suites by their names; the same suites give the same bytes."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>"]
    for name, suite in suites.items():
        ends = Counter(case.ended for case in suite.cases.values())
        counts = f'tests="{len(suite.cases)}" failures="{ends["failed"]}" errors="{ends["error"]}"'
        lines += [f'<testsuite name={_quoted(name)} {counts} skipped="{ends["skipped"]}">', "<properties>"]
        lines += [f'<property name="{COLLECTED}" value={_quoted(each)}/>' for each in suite.collected]
        lines += ["</properties>", *(_written(test, case) for test, case in sorted(suite.cases.items()))]
        lines += ["</testsuite>"]
    return "\n".join([*lines, "</testsuites>", ""]).encode()


def _written(name: str, case: Case) -> str:
    head, bracket, parameters = name.partition("[")
    classname, _, test = head.rpartition(".")
    kind = f'<properties><property name="{KIND}" value="{case.kind}"/></properties>' if case.kind else ""
    tag = next((tag for tag, ended in TAGS.items() if ended == case.ended), "")
    why = f"<{tag} message={_quoted(case.message)}/>" if tag else ""
    named = f"classname={_quoted(classname)} name={_quoted(test + bracket + parameters)}"
    return f"<testcase {named}>{kind}{why}</testcase>"


def _quoted(text: str) -> str:
    return quoteattr("".join(each if each.isprintable() else "?" for each in text))


def read(path: Path) -> dict[str, Suite]:
    """Return the suites of a file by their names.

    Raises:
        InvalidError: Not a regular file, over 16 MiB, not JUnit's XML, or with a document type, more
            than 10,000 tests, a name over 500 characters, or counts that are not those of its tests.
    """
    return parse(read_bytes(path, MAX_BYTES), str(path))


def parse(data: bytes, name: str) -> dict[str, Suite]:
    """Return the suites in ``data``; ``name`` is what an error calls it.

    Raises:
        InvalidError: As for `read`.
    """
    reader = _Reader(name)
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = reader.document_type
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat takes it by its place: this is all
    except expat.ExpatError as error:
        _refuse(name, str(error))
    return reader.suites


class _Reader:
    """The suites as far as they were read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.suites: dict[str, Suite] = {}
        self._path: list[str] = []
        self._suite = self._test = ""
        self._case = Case("passed")
        self._cases: dict[str, Case] = {}
        self._collected: list[str] = []
        self._told: dict[str, str] = {}
        self._seen: Counter[str] = Counter()

    def document_type(self, *_: object) -> None:
        """Refuse it: what it declares unfolds to anything."""
        _refuse(self.name, "it has a document type")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element where it belongs."""
        inside, self._path = self._path[-1:], [*self._path, tag]
        if len(self._path) > DEEPEST:
            _refuse(self.name, "it is nested deeper than a suite's tests")
        match tag, inside:
            case "testsuites", []:
                pass
            case "testsuite", [] | ["testsuites"]:
                self._begin_suite(attributes)
            case "testcase", ["testsuite"]:
                self._test = self._named(f"{attributes.get('classname', '')}.{attributes.get('name', '')}")
                self._case = Case("passed")
            case (("failure" | "error" | "skipped"), ["testcase"]):
                self._seen[tag] += 1
                message = attributes.get("message", "")[:MAX_MESSAGE]
                self._case = worse(self._case, replace(self._case, ended=TAGS[tag], message=message))
            case "property", ["properties"]:
                self._property(attributes.get("name", ""), attributes.get("value", ""))
            case _, []:
                _refuse(self.name, f"its root is {tag[:40]!r}")
            case (("testsuites" | "testsuite" | "testcase"), _):
                _refuse(self.name, f"a {tag} stands in a {inside[0][:40]}")
            case _:
                pass  # `system-out` and the like, of which nothing is read

    def end(self, tag: str) -> None:
        """End an element: a test joins its suite, a suite the others."""
        self._path.pop()
        if tag == "testcase" and self._path[-1:] == ["testsuite"]:
            found = self._cases.get(self._test)
            self._cases[self._test] = worse(found, self._case) if found else self._case
            if len(self._cases) > MAX_TESTS:
                _refuse(self.name, f"it has more than {MAX_TESTS:,} tests")
        elif tag == "testsuite":
            self._end_suite()

    def _begin_suite(self, attributes: dict[str, str]) -> None:
        self._suite = attributes.get("name", "")
        if self._suite in self.suites:
            _refuse(self.name, f"the suite {self._suite[:40]!r} stands twice")
        self._cases, self._collected, self._seen = {}, [], Counter()
        self._told = {each: attributes[each] for each in COUNTS if each in attributes}

    def _end_suite(self) -> None:
        for count, told in self._told.items():
            found = self._seen[COUNTS[count]] if COUNTS[count] else len(self._cases)
            if told != str(found):
                _refuse(
                    self.name, f"the suite {self._suite[:40]!r} tells {told[:20]} {count}, and has {found}"
                )
        self.suites[self._suite] = Suite(self._cases, tuple(self._collected))

    def _property(self, name: str, value: str) -> None:
        where = self._path[-3:-2]
        if name == COLLECTED and where == ["testsuite"]:
            self._collected.append(self._named(value))
            if len(self._collected) > MAX_TESTS:
                _refuse(self.name, f"it has more than {MAX_TESTS:,} tests")
        elif name == KIND and where == ["testcase"]:
            kind = next((each for each in KINDS if each == value), None)
            if kind is None:
                _refuse(self.name, f"{value[:40]!r} is no kind of behaviour")
            self._case = replace(self._case, kind=kind)

    def _named(self, name: str) -> str:
        if not name.isprintable() or not name.strip(".") or len(name) > MAX_NAME:
            _refuse(self.name, f"{name[:40]!r}… is no name of a test of at most {MAX_NAME} characters")
        return name


def worse(one: Case, other: Case) -> Case:
    """Return how a test ended that ended twice, such as in itself and in what cleans up after it."""
    return max(one, other, key=lambda case: WORSE.index(case.ended))


def _refuse(name: str, why: str) -> NoReturn:
    raise InvalidError(
        f"{name} is no result of tests: {why}.", do="Leave it to the job that writes it: gates predict"
    )
