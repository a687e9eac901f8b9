"""Tests of `gates.digest`."""

import copy
import hashlib
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates import digest
from gates.errors import InvalidError

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4, example B.1
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4),
)


def test_bytes_and_file_have_the_published_digest(tmp_path: Path) -> None:
    """SHA-256 of "abc" is the standard's; a file larger than one piece gives what its bytes give."""
    (tmp_path / "abc").write_bytes(b"abc")
    assert digest.of_bytes(b"abc") == digest.of_file(tmp_path / "abc") == ABC
    large = bytes(range(256)) * 10_000
    (tmp_path / "large").write_bytes(large)
    assert digest.of_file(tmp_path / "large") == hashlib.sha256(large).hexdigest()
    assert digest.md5_of_file(tmp_path / "abc") == "900150983cd24fb0d6963f7d28e17f72"  # RFC 1321, A.5


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "model.skops").write_bytes(b"model")
    (tmp_path / "sub/a").write_bytes(b"a")
    return tmp_path


def test_a_tree_s_digest_is_over_sorted_names_and_file_digests(tree: Path) -> None:
    """It can be computed with other tools: canonical JSON of name to SHA-256."""
    listing = {"model.skops": digest.of_bytes(b"model"), "sub/a": digest.of_bytes(b"a")}
    data = json.dumps(listing, sort_keys=True, separators=(",", ":")).encode()
    assert digest.of_tree(tree) == digest.of_listing(listing) == hashlib.sha256(data).hexdigest()


def test_a_large_tree_is_hashed_side_by_side_to_the_same(tmp_path: Path) -> None:
    """Whoever reads first, the listing is the same; and what cannot be read is told as ever."""
    for number in range(9):
        (tmp_path / f"{number}").write_bytes(bytes([number]) * 1024 * 1024)
    listing = {path.name: digest.of_file(path) for path in tmp_path.iterdir()}
    assert digest.of_tree(tmp_path) == digest.of_listing(listing)
    (tmp_path / "link").symlink_to("0")
    with pytest.raises(InvalidError, match="symbolic link"):
        digest.of_tree(tmp_path)


def test_every_change_of_a_tree_changes_its_digest(tree: Path) -> None:
    """A byte changed; a file added, removed, renamed, moved, hidden as `.git/x`: each has its own digest."""
    seen = [digest.of_tree(tree)]
    model = tree / "model.skops"
    model.write_bytes(b"mOdel")
    seen.append(digest.of_tree(tree))
    (tree / ".git").mkdir()
    (tree / ".git/x").write_bytes(b"")
    seen.append(digest.of_tree(tree))
    (tree / ".git/x").rename(tree / "x")
    seen.append(digest.of_tree(tree))
    (tree / "sub/a").rename(tree / "a")
    seen.append(digest.of_tree(tree))
    model.unlink()
    seen.append(digest.of_tree(tree))
    assert len(set(seen)) == len(seen)


def test_time_and_order_of_creation_do_not_matter(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same files made in another order, at another time, have the same digest."""
    other = tmp_path_factory.mktemp("other")
    (other / "sub").mkdir()
    (other / "sub/a").write_bytes(b"a")
    (other / "model.skops").write_bytes(b"model")
    assert digest.of_tree(other) == digest.of_tree(tree)


@given(documents)
def test_canonical_json_does_not_depend_on_the_order_of_keys(document: object) -> None:
    """The same document in another order of keys has the same bytes; they are read back as the document."""

    def turned(value: object) -> object:
        if isinstance(value, dict):
            return {key: turned(each) for key, each in reversed(value.items())}
        return [turned(each) for each in value] if isinstance(value, list) else value

    data = digest.canonical_json(document)
    assert digest.canonical_json(turned(document)) == data
    assert json.loads(data) == document


def test_canonical_json_is_short_and_utf_8() -> None:
    """No spaces, no escapes that UTF-8 does not need, keys sorted."""
    assert digest.canonical_json({"b": [1, 2.5], "a": "ü"}) == '{"a":"ü","b":[1,2.5]}'.encode()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_has_no_canonical_form(number: float) -> None:
    """NaN can be in no document that is signed."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest.canonical_json({"a": number})


def test_what_is_not_json_has_no_canonical_form() -> None:
    """No silent text of an object."""
    with pytest.raises(TypeError):
        digest.canonical_json({"a": {1, 2}})


@given(documents)
def test_a_copy_is_the_same(document: object) -> None:
    """Whatever it holds."""
    assert digest.same_json(document, copy.deepcopy(document))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0, False),
        (0.0, -0.0),
        ([1], [1, 2]),
        ({"b": 1}, {"b": 1, "c": 1}),
        ({}, []),
        ("1", 1),
    ],
    ids=repr,
)
def test_what_is_written_otherwise_is_not_the_same(one: object, other: object) -> None:
    """Python holds most of these for equal."""
    assert not digest.same_json({"a": one}, {"a": other})


@pytest.mark.parametrize(
    "document",
    [*({"a": [number]} for number in (math.nan, math.inf, -math.inf)), {"a": "\ud800"}, {"\udfff": "ü"}],
    ids=repr,
)
def test_what_has_no_canonical_json_is_the_same_as_nothing(document: object) -> None:
    """Not even as itself."""
    with pytest.raises(ValueError):  # noqa: PT011 - of a number or of an encoding, in the library's own words
        digest.canonical_json(document)
    assert not digest.same_json(document, document)
