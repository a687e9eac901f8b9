"""Tests of `gates.documents`: strict JSON and YAML."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gates import documents
from gates.digest import canonical_json
from gates.documents import (
    MAX_DEPTH,
    MAX_DIGITS,
    PlainLoader,
    parse_canonical_json,
    parse_json,
    parse_yaml,
    read_json,
    read_yaml,
)
from gates.errors import ExitCode, InvalidError

Parser = Callable[[bytes, str], dict[str, Any]]

BOTH = {
    "empty": (b"", "it is empty"),
    "blank": (b" \n\t\n", "it is empty"),
    "not UTF-8": (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
    "UTF-8 BOM": (b'\xef\xbb\xbf{"a": 1}', "byte-order mark"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "byte-order mark"),
    "NUL byte": (b'{"a": "\0"}', "NUL byte"),
    "truncated": (b'{"a": [1, 2', " column 1"),
    "duplicate keys": (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' stands twice"),
    "duplicate keys deep down": (b'{"x": [{"a": 1, "a": 1}]}', "the key 'a' stands twice"),
    "huge integer": (b'{"a": ' + b"9" * 100_000 + b"}", "the number 99999999999999999999…"),
    "integer beyond 64 bits": (b'{"a": -9223372036854775809}', "digits"),
    "nesting 10,000 deep": (b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nested deeper than 64"),
    "nesting of objects": (b'{"a": ' * 10_000 + b"1" + b"}" * 10_000, "nested deeper than 64"),
    "trailing bytes": (b'{"a": 1} {"b": 2}', "in line 1, column 10"),
    "list at the root": (b"[1, 2]", "its root is a list"),
    "text at the root": (b'"a"', "its root is a text"),
    "null at the root": (b"null", "its root is a null"),
}
JSON_ONLY = {
    "half a surrogate pair": (b'{"a": "\\ud800"}', "surrogate pair"),
    "half a surrogate pair in a key": (b'{"\\udfff": 1}', "surrogate pair"),
    "NaN": (b'{"a": NaN}', "NaN is not a number"),
    "Infinity": (b'{"a": Infinity}', "Infinity is not a number"),
    "-Infinity": (b'{"a": [-Infinity]}', "-Infinity is not a number"),
    "1e400": (b'{"a": 1e400}', "inf is not a finite number"),
    "float of 10,000 digits": (b'{"a": ' + b"1" * 10_000 + b".5}", "inf is not a finite number"),
    "comment": (b'{"a": 1} // b', "extra data"),
    "single quotes": (b"{'a': 1}", "line 1, column 2"),
}
YAML_ONLY = {
    "nan": (b"a: .nan\n", "nan is not a finite number"),
    "infinity": (b"a: [-.inf]\n", "inf is not a finite number"),
    "1e400": (b"a: 1.0e+400\n", "inf is not a finite number"),
    "1e400 without a point": (b"a: 1e400\n", "inf is not a finite number"),
    "only a comment": (b"# nothing\n", "it is empty"),
    "two documents": (b"a: 1\n---\nb: 2\n", "another document in line 2"),
    "tag that runs code": (b"a: !!python/object/apply:os.getcwd []\n", "python/object/apply:os.getcwd"),
    "tag of one's own": (b"a: !secret x\n", "the tag !secret is not plain data in line 1, column 4"),
    "set": (b"a: !!set {x, y}\n", "tag:yaml.org,2002:set is not plain data"),
    "binary": (b"a: !!binary aGk=\n", "tag:yaml.org,2002:binary is not plain data"),
    "date by tag": (b"a: !!timestamp x\n", "tag:yaml.org,2002:timestamp is not plain data"),
    "tag that does not fit": (b'a: !!int ""\n', "tag:yaml.org,2002:int is not plain data"),
    "truth that is none": (b"a: !!bool maybe\n", "tag:yaml.org,2002:bool is not plain data"),
    "number of base 60": (b"a: 1" + b":59" * 100_000 + b"\n", "has 300001 characters"),
    "huge fraction of base 60": (b"a: 1" + b":59" * 1_000 + b".5\n", "characters"),
    "alias bomb": (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 10)),
        "its aliases unfold to more than 1,000,000 values",
    ),
    "merge bomb": (
        b"a0: &a0 {%s}\n" % b", ".join(b"k%d: 1" % i for i in range(10))
        + b"".join(
            b"a%d: &a%d {<<: [%s]}\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 10)
        ),
        "its aliases unfold to more than 1,000,000 values",
    ),
    "alias to itself": (b"a: &a [*a]\n", "an alias contains itself"),
    "unknown alias": (b"a: *nobody\n", "undefined alias"),
    "depth by aliases": (
        b"a: &a " + b"[" * 40 + b"]" * 40 + b"\nb: " + b"[" * 40 + b"*a" + b"]" * 40 + b"\n",
        "nested deeper than 64",
    ),
    "number as key": (b"1: a\n", "the key 1 is not text"),
    "truth as key": (b"a: {yes: 1}\n", "the key True is not text"),
    "list as key": (b"? [a]\n: 1\n", "unhashable"),
    "same key in two forms": (b'1: a\n"1": b\n', "the key '1' stands twice, the second time in line 2"),
    "merge of a text": (b"<<: a\n", "merging"),
    "tab as indent": (b"a:\n\tb: 1\n", "line 2"),
    "bell": (b'a: "\x07"\n', "control characters"),
    "half a surrogate pair": (b'a: "\\ud800"\n', "invalid Unicode"),
    "no character at all": (b'a: "\\UFFFFFFFF"\n', "invalid Unicode"),
}
CASES = [
    *((parse, name, *case) for parse in (parse_json, parse_yaml) for name, case in BOTH.items()),
    *((parse_json, name, *case) for name, case in JSON_ONLY.items()),
    *((parse_yaml, name, *case) for name, case in YAML_ONLY.items()),
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**MAX_DIGITS) + 1, 10**MAX_DIGITS - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
plain = st.recursive(
    scalars, lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4)
)
mappings = st.dictionaries(st.text(), plain, max_size=6)
# Bytes that a parser takes for structure, so that random ones get beyond the first.
STRUCTURE = rb"""{ } [ ] " ' : , - & * ! ? | > # % = ~ \ _ . << --- ... *a &a a b \u \U \x \0 \ud800 ffffffff
!!int !!float !!bool !!null !!timestamp !!merge !!binary !!set !a null true yes NaN .nan Infinity .inf 0x 0b
0o7 1 -1 1:59 1e400 1e5 2027-06-30 2027-99-99"""
SPACES = (b" ", b"  ", b": ", b"- ", b"\n", b"\t", b"\r", b"\n%YAML 1.1\n", b"\n---\n")
ODD = (b"\0", b"\x85", b"\xc2\x85", b"\xef\xbb\xbf", b"\xff", b"\xed\xa0\x80")
fragments = st.sampled_from([*STRUCTURE.split(), *SPACES, *SPACES, *ODD])
documents_or_not = st.lists(fragments, max_size=30).map(b"".join) | st.binary(max_size=200)


def is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    return value is None or isinstance(value, bool | int | str) or math.isfinite(value)  # type: ignore[arg-type]  # what is left is a float


def plain_or_refused(parse: Parser, data: bytes) -> bool:
    try:
        return is_plain(parse(data, "x"))
    except InvalidError as error:
        return error.what.startswith("x is not a plain document")


@pytest.mark.parametrize(
    ("parse", "data", "says"),
    [pytest.param(parse, data, says, id=f"{parse.__name__}-{name}") for parse, name, data, says in CASES],
)
def test_what_is_not_a_plain_document_is_refused_by_name(parse: Parser, data: bytes, says: str) -> None:
    """Bad input ends with exit code 2, the file and the cause named, and something to do."""
    with pytest.raises(InvalidError) as caught:
        parse(data, "the file")
    assert caught.value.code == ExitCode.INVALID
    assert caught.value.what.startswith("the file is not a plain document: ")
    assert says in caught.value.what
    assert "\n" not in caught.value.what
    assert len(caught.value.what) < 250
    assert caught.value.do


@pytest.mark.parametrize("read", [read_json, read_yaml])
def test_a_file_of_100_mb_is_refused_unread(read: Callable[[Path], object], tmp_path: Path) -> None:
    """The file is named; its bytes are not taken into memory."""
    path = tmp_path / "big.json"
    with path.open("wb") as file:
        file.write(b"{}")
        os.truncate(file.fileno(), 100 * 1024 * 1024)
    with pytest.raises(InvalidError, match=r"big\.json .*16,777,216 bytes"):
        read(path)


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_too_many_bytes_are_refused_also_without_a_file(parse: Parser) -> None:
    """What is inside an envelope has the same limit."""
    with pytest.raises(InvalidError, match="more than 16,777,216 bytes"):
        parse(b'{"a": "' + b"x" * documents.MAX_BYTES + b'"}', "x")


@pytest.mark.parametrize("read", [read_json, read_yaml])
def test_a_file_is_read_and_named(read: Callable[[Path], object], tmp_path: Path) -> None:
    """A good file gives its document; a bad one is called by its path."""
    path = tmp_path / "a.txt"
    path.write_text('{"a": [1, 2.5, "ä", null, true]}')
    assert read(path) == {"a": [1, 2.5, "ä", None, True]}
    path.write_text("[")
    with pytest.raises(InvalidError, match=r"a\.txt is not a plain document"):
        read(path)


def test_yaml_says_what_json_says() -> None:
    """Dates stay text and ``1e5`` is a number, so a policy has one digest in either form."""
    text = b"a: 2027-06-30\nb: 1e5\nc: [1, -2.5, .5e-3]\nd: ~\n"
    assert parse_yaml(text, "x") == {"a": "2027-06-30", "b": 1e5, "c": [1, -2.5, 0.0005], "d": None}


def test_yaml_aliases_and_merges_of_plain_size_are_read() -> None:
    """What people write is not refused; a key beside a merge wins."""
    text = b"a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n"
    assert parse_yaml(text, "x") == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_the_deepest_nesting_and_the_longest_number_allowed(parse: Parser) -> None:
    """One level more is refused, one level less is not."""
    number = "9" * MAX_DIGITS
    deep = f'{{"a": {"[" * (MAX_DEPTH - 2)}{number}{"]" * (MAX_DEPTH - 2)}}}'.encode()
    assert parse(deep, "x")
    with pytest.raises(InvalidError, match="nested deeper than 64"):
        parse(deep.replace(b"[9", b"[[[9").replace(b"9]", b"9]]]"), "x")


def test_a_repeated_key_among_many_is_found_in_linear_time() -> None:
    """A quadratic search took minutes over this document."""
    keys = b",".join(b'"k%d":1' % number for number in range(200_000))
    with pytest.raises(InvalidError, match="the key 'k199999' stands twice"):
        parse_json(b"{" + keys + b',"k199999":2}', "x")


@settings(max_examples=800)
@given(documents_or_not)
@example(b'a: "\\UFFFFFFFF"')
@example(b"a: 0x_")
@example(b"%YAML 1." + b"9" * 5_000 + b"\n---\na: 1")
def test_whatever_bytes_come_they_are_plain_or_refused(data: bytes) -> None:
    """No other exception leaves the parsers, and nothing but plain data."""
    for parse in (parse_json, parse_yaml):
        assert plain_or_refused(parse, data)


@settings(max_examples=200)
def accepted(parse: Parser, data: bytes) -> dict[str, Any] | None:
    try:
        return parse(data, "x")
    except InvalidError:
        return None


@settings(max_examples=1_000)
@given(documents_or_not | mappings.map(canonical_json) | mappings.map(lambda each: json.dumps(each).encode()))
@example(b'{"a":1,"a":1}')
@example(b'{"a": 1}')
@example(b'{"b":1,"a":1}')
@example(b'["a"]')
@example(b'{"a":' + b"9" * (MAX_DIGITS + 1) + b"}")
@example(b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}")
@example(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
@example(b'{"a":1e999}')
@example(b'{"a":"\\ud800"}')
@example('{"a":1}'.encode("utf-16"))
def test_canonical_json_is_plain_json_in_its_one_form(data: bytes) -> None:
    """It takes no bytes that the strict parser refuses, and no other form of the same document."""
    strict = accepted(parse_json, data)
    canonical = strict if strict is not None and canonical_json(strict) == data else None
    assert accepted(parse_canonical_json, data) == canonical


@given(mappings)
def test_canonical_json_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    """Canonical bytes give the document, and the document gives the bytes."""
    data = canonical_json(document)
    back = parse_json(data, "x")
    assert back == document
    assert canonical_json(back) == data


@settings(max_examples=150)
@given(mappings)
def test_yaml_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    """What PyYAML writes for plain data is read as the same data, in the loader's own dialect."""
    dumper = type(
        "Dumper", (yaml.SafeDumper,), {"yaml_implicit_resolvers": PlainLoader.yaml_implicit_resolvers}
    )
    assert parse_yaml(yaml.dump(document, Dumper=dumper).encode(), "x") == document


@settings(max_examples=150)
@given(st.binary(max_size=12), st.integers(0, 200), mappings)
def test_a_damaged_document_is_plain_or_refused(damage: bytes, place: int, document: dict[str, Any]) -> None:
    """Bytes overwritten in a good document never give anything but plain data."""
    data = bytearray(json.dumps(document).encode())
    data[place : place + len(damage)] = damage
    for parse in (parse_json, parse_yaml):
        assert plain_or_refused(parse, bytes(data))
