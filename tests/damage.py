"""Good documents, damaged: what a parser of outside input is fuzzed with, so that its deep code is reached.

What is damaged, where and how, is read from one draw of bytes: many small draws take Hypothesis long.
"""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from hypothesis import strategies as st

Address: TypeAlias = tuple[str | int, ...]

ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        2**31,
        10**17,
        0.0,
        -0.5,
        0.5,
        5e-324,
        1e308,
        float("nan"),
        float("inf"),
    ),
    *(
        "",
        " ",
        "x",
        "pass",
        "fail",
        "undecided",
        "block",
        "report",
        "above",
        "at least",
        "é",
        "e\u0301",
        "\ud800",
    ),
    *(
        "0" * 64,
        "0" * 32,
        "F" * 64,
        "2026-06-01",
        "2026-6-1",
        "2026-06-01T00:00:00Z",
        "99-99",
        "-1",
        "1e9",
        "1",
    ),
    *("../x", "/dev/null", "a/b", "a\nb", "a\0b", "\x1b[2J", "${x}", "{}", "[", "(", "%s", "<<", "\u202e"),
    *("x" * 300, "x\u200by", "version", "seq", "sha256", "params.yaml", "data", "candidate"),
    *(
        [],
        {},
        [None],
        [[]],
        [0, "x"],
        {"": None},
        {"a": {"b": []}},
        {"key": "0" * 64},
        ["x", "x"],
        [{"a": 1}],
    ),
)
WAYS = ("replace", "replace", "remove", "rename", "add", "double", "copy", "reverse")
# Pieces that parsers take for structure, so that random ones get beyond the first.
STRUCTURE = rb"""{ } [ ] " ' : , - & * ! ? | > # % = ~ \ _ . << --- ... *a &a a b \u \U \x \0 \ud800 ffffffff
!!int !!float !!bool !!null !!timestamp !!merge !!binary !!set !a null true yes NaN .nan Infinity .inf 0x 0b
0o7 1 -1 1:59 1e400 1e5 2027-06-30 2027-99-99 -----BEGIN"""
SPACES = (b" ", b"  ", b": ", b"- ", b"\n", b"\t", b"\r", b"\n%YAML 1.1\n", b"\n---\n")
STRANGE = (b"\0", b"\x85", b"\xc2\x85", b"\xef\xbb\xbf", b"\xff", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9")
PIECES = (*STRUCTURE.split(), *SPACES, *SPACES, *STRANGE)

FRAGMENTS = st.binary(max_size=30).map(lambda drawn: b"".join(PIECES[each % len(PIECES)] for each in drawn))


def documents(*good: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw documents in which one to four things are replaced, removed, added, doubled or moved."""
    kept = [json.dumps(each) for each in good]

    def build(drawn: bytes) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(kept[len(drawn) % len(kept)])
        for step in range(0, len(drawn) - 5, 6):
            way, high, low, other, first, second = drawn[step : step + 6]
            found = list(addresses(document))
            if found:
                address, elsewhere = found[(256 * high + low) % len(found)], found[other % len(found)]
                value = json.loads(json.dumps(ODD[(256 * first + second) % len(ODD)]))
                edit(document, address, WAYS[way % len(WAYS)], value, elsewhere)
        return document

    return st.binary(min_size=6, max_size=24).map(build)


def texts(*good: str) -> st.SearchStrategy[bytes]:
    """Draw bytes of good texts with up to four pieces overwritten; a third are fragments or random bytes."""
    kept = [each.encode() for each in good]

    def build(drawn: bytes) -> bytes:
        data = kept[len(drawn) % len(kept)]
        for step in range(0, len(drawn) - 3, 4):
            high, low, length, piece = drawn[step : step + 4]
            start = (256 * high + low) % (len(data) + 1)
            data = data[:start] + PIECES[piece % len(PIECES)] + data[start + length % 12 :]
        return data

    return st.binary(min_size=4, max_size=16).map(build) | FRAGMENTS | st.binary(max_size=100)


def addresses(value: object, above: Address = ()) -> Iterator[Address]:
    """Yield the address of everything below a document."""
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*above, key)
            yield from addresses(each, (*above, key))


def edit(document: Any, address: Address, way: str, value: Any, other: Address) -> None:  # noqa: ANN401 - JSON data
    """Damage one place of a document."""
    last: Any = address[-1]  # of a dict or of a list
    parent = at(document, address[:-1])
    if way == "remove":
        del parent[last]
    elif way == "rename" and isinstance(parent, dict):
        parent[str(value)] = parent.pop(last)
    elif way == "add" and isinstance(parent, dict):
        parent[str(value)] = value
    elif way == "double" and isinstance(parent, list):
        parent.insert(0, json.loads(json.dumps(parent[last])))
    elif way == "copy":
        parent[last] = json.loads(json.dumps(at(document, other)))
    elif way == "reverse" and isinstance(parent[last], list):
        parent[last].reverse()
    else:
        parent[last] = value


def at(document: Any, address: Address) -> Any:  # noqa: ANN401 - JSON data
    """Return what stands at an address."""
    for step in address:
        document = document[step]
    return document


def as_json(document: dict[str, Any]) -> bytes:
    """Return a document as somebody's tool writes it, whether it is plain or not."""
    return json.dumps(document, ensure_ascii=False).encode(errors="surrogatepass")
