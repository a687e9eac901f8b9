"""Good documents, damaged: what a parser of outside input is fuzzed with, so that its deep code is reached.

What is damaged, where and how, is read from bytes: the same bytes, the same damage.
"""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

Address: TypeAlias = tuple[str | int, ...]
Damaged: TypeAlias = Callable[[bytes], Any]
"""Makes one input of as many bytes as `DRAWN`."""

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

EDITS = 4
EDIT = 6
DRAWN = 40


def one_of(*ways: Damaged) -> Damaged:
    """Damage in one of several ways."""
    return lambda drawn: ways[drawn[-1] % len(ways)](drawn)


def documents(*good: dict[str, Any], then: Callable[[dict[str, Any]], Any] = lambda it: it) -> Damaged:
    """Give documents in which one to four things are replaced, removed, added, doubled or moved."""
    kept = [(text := json.dumps(each), addresses(json.loads(text))) for each in good]

    def build(drawn: bytes) -> Any:  # noqa: ANN401 - what `then` makes of it
        text, found = kept[drawn[0] % len(kept)]
        document: dict[str, Any] = json.loads(text)
        for edits in range(1 + drawn[1] % EDITS):
            way, high, low, other, first, second = drawn[2 + EDIT * edits :][:EDIT]
            found = addresses(document) if edits else found
            if found:
                address, elsewhere = found[(256 * high + low) % len(found)], found[other % len(found)]
                value = json.loads(json.dumps(ODD[(256 * first + second) % len(ODD)]))
                edit(document, address, WAYS[way % len(WAYS)], value, elsewhere)
        return then(document)

    return build


def texts(*good: str, then: Callable[[bytes], Any] = lambda it: it) -> Damaged:
    """Give bytes of good texts with up to four pieces overwritten; half are pieces alone, or random bytes."""
    kept = [each.encode() for each in good]

    def overwritten(drawn: bytes) -> bytes:
        data = kept[drawn[0] % len(kept)]
        for step in range(2, 2 + 4 * (drawn[1] % (1 + EDITS)), 4):
            high, low, length, piece = drawn[step : step + 4]
            start = (256 * high + low) % (len(data) + 1)
            data = data[:start] + PIECES[piece % len(PIECES)] + data[start + length % 12 :]
        return data

    def build(drawn: bytes) -> Any:  # noqa: ANN401 - what `then` makes of it
        way, several = drawn[0] % 4, drawn[2 : 2 + drawn[1] % len(drawn)]
        if way == 0:
            return then(several)
        if way == 1:
            return then(b"".join(PIECES[each % len(PIECES)] for each in several))
        return then(overwritten(drawn[1:]))

    return build


def addresses(value: object, above: Address = ()) -> list[Address]:
    """Return the addresses of everything below a document."""
    found: list[Address] = []
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            here = (*above, key)
            found.append(here)
            if isinstance(each, dict | list):
                found += addresses(each, here)
    return found


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
