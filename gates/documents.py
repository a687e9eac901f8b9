"""Strict reading of JSON and YAML documents that came from outside.

Both parsers are lenient where it hurts (duplicate keys, NaN, aliases that unfold to gigabytes), so every
document of a user or a registry, and every file of a job, comes in through here.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, TypeGuard

import yaml

from gates.digest import HALF_A_PAIR, canonical_json
from gates.errors import InvalidError, Remark
from gates.paths import read_bytes

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_DIGITS = 18
MAX_NUMBER = 64  # characters of a number in YAML: `1:59:59…` takes quadratic time
MAX_VALUES = 1_000_000
EXPONENT_ALONE = re.compile(r"^[-+]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][-+]?[0-9]+$")

Document: TypeAlias = dict[str, Any]

_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")

_SafeLoader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class PlainLoader(_SafeLoader):  # type: ignore[misc, valid-type]  # chosen by what this machine's PyYAML has
    """A safe loader by which YAML and JSON say the same: dates are text, and ``1e5`` is a number."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's own name
        key: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


PlainLoader.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT_ALONE, list("-+.0123456789"))


def read_json(path: Path) -> Document:
    """Return the JSON object in a file.

    Raises:
        InvalidError: Not a regular file, over 16 MiB, or not one plain JSON object (`parse_json`).
    """
    return parse_json(read_bytes(path, MAX_BYTES), str(path))


def read_yaml(path: Path) -> Document:
    """Return the YAML mapping in a file.

    Raises:
        InvalidError: Not a regular file, over 16 MiB, or not one plain YAML mapping (`parse_yaml`).
    """
    return parse_yaml(read_bytes(path, MAX_BYTES), str(path))


def parse_json(data: bytes, name: str) -> Document:
    """Return the JSON object in ``data``; ``name`` is what an error calls it.

    Raises:
        InvalidError: Duplicate key, NaN or infinity, a number out of range, nesting over 64, trailing bytes,
            a root that is not an object.
    """
    text = _text(data, name)

    def unique(pairs: list[tuple[str, Any]]) -> Document:
        document = dict(pairs)
        if len(document) != len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            _refuse(name, f"the key {twice!r} stands twice")
        return document

    def constant(text: str) -> NoReturn:
        _refuse(name, f"{text} is not a number of JSON")

    def integer(text: str) -> int:
        digits = len(text.removeprefix("-"))
        if digits > MAX_DIGITS:
            _refuse(name, f"the number {text[:20]}… has {digits} digits")
        return int(text)

    try:
        document = json.loads(text, object_pairs_hook=unique, parse_constant=constant, parse_int=integer)
    except json.JSONDecodeError as error:
        _refuse(name, f"{error.msg.lower()} in line {error.lineno}, column {error.colno}", error.lineno)
    except RecursionError:
        _refuse(name, f"it is nested deeper than {MAX_DEPTH}")
    return _plain_mapping(document, name)


def parse_canonical_json(data: bytes, name: str) -> Document:
    """Return the JSON object in ``data``, of which they are the one canonical form: `canonical_json`.

    Raises:
        InvalidError: As for `parse_json`, or they are written in another form.
    """
    if len(data) > MAX_BYTES:
        return parse_json(data, name)  # which refuses it
    try:
        document = json.loads(data)  # whatever it is lenient about is not written again as it stood
        canonical = canonical_json(document) == data
    except (ValueError, RecursionError):
        canonical = False
    if canonical and _plainly_bounded(document):
        return document
    plain = parse_json(data, name)  # says why, if it is no plain document at all
    if not canonical:
        _refuse(name, "it is not written canonically")
    return plain


def _plainly_bounded(document: object) -> TypeGuard[Document]:
    """Return whether what is canonical, and so of plain values, is an object well within our bounds."""
    level: list[Any] = [document] if isinstance(document, dict) else []
    for _ in range(MAX_DEPTH - 1):
        below: list[Any] = []
        for each in level:
            for value in each.values() if type(each) is dict else each:
                kind = type(value)
                if kind is dict or kind is list:
                    below.append(value)
                elif kind is int and abs(value) >= 10**MAX_DIGITS:
                    return False
        if not below:
            return bool(level)
        level = below
    return False


def parse_yaml(data: bytes, name: str) -> Document:
    """Return the YAML mapping in ``data``; dates stay text, as in JSON.

    Raises:
        InvalidError: Duplicate key, tag, aliases that unfold to too much, nesting over 64,
            more than one document, NaN or infinity, a root that is not a mapping.
    """
    text = _text(data, name)
    try:
        _check_events(yaml.parse(text, Loader=PlainLoader), name)
        loader = PlainLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                _refuse(name, "it is empty")
            _check_node(node, name)
            document = loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        _refuse(name, f"{error.problem or error.context}{where}", mark.line + 1 if mark else 0)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        _refuse(name, str(error).splitlines()[0])
    return _plain_mapping(document, name)


def _text(data: bytes, name: str) -> str:
    if not data.strip():
        _refuse(name, "it is empty")
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        _refuse(name, "it begins with a byte-order mark; save it as UTF-8 without one")
    if b"\0" in data:
        _refuse(name, "it holds a NUL byte")
    if len(data) > MAX_BYTES:
        _refuse(name, f"it has more than {MAX_BYTES:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        _refuse(name, f"it is not UTF-8 at byte {error.start}")


def _check_events(events: Iterator[yaml.Event], name: str) -> None:
    """Refuse tags and deep nesting by the events, before a recursive composer sees the text."""
    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            _refuse(name, f"it is nested deeper than {MAX_DEPTH}")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            problem = f"the tag {event.tag} is not plain data"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]  # libyaml has a mark of its own


def _check_node(root: yaml.Node, name: str) -> None:
    """Refuse duplicate keys, merge keys' cousins and alias bombs before anything is constructed."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        known = sizes.get(id(node))
        if known == 0:
            _refuse(name, "an alias contains itself")
        if known is not None:
            return known
        sizes[id(node)] = 0
        total = 1
        if isinstance(node, yaml.MappingNode):
            _check_keys(node, name)
            total += sum(size(key) + size(value) for key, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            total += sum(size(child) for child in node.value)
        elif node.tag in _NUMBERS and len(node.value) > MAX_NUMBER:
            _refuse(name, f"the number {node.value[:20]}… has {len(node.value)} characters")
        if total > MAX_VALUES:
            _refuse(name, f"its aliases unfold to more than {MAX_VALUES:,} values")
        sizes[id(node)] = total
        return total

    size(root)


def _check_keys(node: yaml.MappingNode, name: str) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        text = str(key.value)
        if text in seen:
            line = key.start_mark.line + 1
            _refuse(name, f"the key {text!r} stands twice, the second time in line {line}", line)
        seen.add(text)


def _plain_mapping(document: object, name: str) -> Document:
    """Hold that a parsed document is an object of plain, finite, bounded JSON values."""
    if not isinstance(document, dict):
        _refuse(name, f"its root is a {_kind(document)}; an object (mapping) belongs there")
    level: list[object] = [document]
    for depth in count(1):
        if depth > MAX_DEPTH:
            _refuse(name, f"it is nested deeper than {MAX_DEPTH}")
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                _check_keys_are_texts(value, name)
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif not (isinstance(value, str) and value.isascii()):  # most of any document is
                _check_scalar(value, name)
        if not below:
            break
        level = below
    return document


def _check_keys_are_texts(document: Mapping[object, object], name: str) -> None:
    for key in document:
        if not isinstance(key, str):
            _refuse(name, f"the key {key!r} is not text; put it in quotes")
        if not key.isascii():
            _check_scalar(key, name)


def _check_scalar(value: object, name: str) -> None:
    if isinstance(value, str):
        if HALF_A_PAIR.search(value):
            _refuse(name, "a text holds half a surrogate pair")
    elif isinstance(value, float):
        if not math.isfinite(value):
            _refuse(name, f"{value} is not a finite number")
    elif isinstance(value, int):  # true and false are such
        if abs(value) >= 10**MAX_DIGITS:
            _refuse(name, f"a whole number has more than {MAX_DIGITS} digits")
    elif value is not None:
        _refuse(name, f"a {_kind(value)} is not plain data")


def _kind(value: object) -> str:
    names = {
        list: "list",
        str: "text",
        type(None): "null",
        bool: "true or false",
        int: "number",
        float: "number",
    }
    return names.get(type(value), type(value).__name__)


def _refuse(name: str, why: str, line: int = 0) -> NoReturn:
    raise InvalidError(
        f"{name} is not a plain document: {why}.",
        do=f"Correct {name} and run the command again.",
        remarks=[Remark(f"{why[0].upper()}{why[1:]}.", name, line)],
    )
