"""Tests of `gates.ledger`: the chain, and the fold from history to champion."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gates import ledger
from gates.digest import of_bytes
from gates.envelope import seal
from gates.errors import ExitCode, InvalidError, TamperedError
from gates.ledger import PAYLOAD_TYPE, Entry, History, next_entry, to_document
from tests.examples import (
    MODEL,
    OTHERS,
    OURS,
    champion,
    following,
    history,
    read,
    sealed,
    sha,
    stored,
)

Objects = dict[int, bytes]
GOOD = stored(1, 2, (1, "rollback"), 3)


def resealed(seq: int, /, **fields: Any) -> bytes:  # noqa: ANN401 - any field of an entry
    """Return an entry of the good ledger with other fields, signed by our own key."""
    entry = read(GOOD).links[seq - 1].entry
    return seal({**to_document(entry), **fields}, PAYLOAD_TYPE, OURS.signer)


def without(seq: int, field: str) -> bytes:
    """Return an entry of the good ledger without a field, signed by our own key."""
    document = to_document(read(GOOD).links[seq - 1].entry)
    document.pop(field)
    return seal(document, PAYLOAD_TYPE, OURS.signer)


def flipped(data: bytes) -> bytes:
    """Return an entry whose payload differs in one character."""
    envelope = json.loads(data)
    payload = envelope["payload"]
    envelope["payload"] = ("A" if payload[0] != "A" else "B") + payload[1:]
    return json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode()


def unsigned(data: bytes) -> bytes:
    """Return an entry without its signature."""
    return json.dumps({**json.loads(data), "signatures": []}).encode()


TARGET = to_document(read(GOOD).links[3].entry)["to"]
TAMPERED: dict[str, Callable[[], Objects]] = {
    "entry edited": lambda: GOOD | {2: flipped(GOOD[2])},
    "head edited": lambda: GOOD | {4: flipped(GOOD[4])},
    "entry emptied": lambda: GOOD | {2: b""},
    "entry without a signature": lambda: GOOD | {4: unsigned(GOOD[4])},
    "entry signed by another key": lambda: GOOD | {4: sealed(read(GOOD).links[3].entry, OTHERS)},
    "first removed": lambda: {seq: GOOD[seq] for seq in (2, 3, 4)},
    "one removed": lambda: {seq: GOOD[seq] for seq in (1, 2, 4)},
    "one removed and closed up": lambda: {1: GOOD[1], 2: GOOD[3], 3: GOOD[4]},
    "first removed and closed up": lambda: {1: GOOD[2], 2: GOOD[3], 3: GOOD[4]},
    "two reordered": lambda: GOOD | {2: GOOD[3], 3: GOOD[2]},
    "head doubled": lambda: GOOD | {5: GOOD[4]},
    "first again at the end": lambda: GOOD | {5: GOOD[1]},
    "entry replaced by an older one": lambda: GOOD | {3: GOOD[1]},
    "entry before the first": lambda: GOOD | {0: GOOD[1]},
    "negative entry": lambda: GOOD | {-1: GOOD[1]},
    "far entry": lambda: GOOD | {10**9: GOOD[4]},
    "entry of another ledger": lambda: GOOD | {4: stored(1, 2, 5, 3)[4]},
    "history rewritten below": lambda: GOOD | {1: stored(7)[1]},
    "re-signed with another sequence number": lambda: GOOD | {4: resealed(4, seq=5)},
    "re-signed with a fraction as number": lambda: GOOD | {4: resealed(4, seq=4.0)},
    "re-signed first, number true": lambda: {1: resealed(1, seq=True)},
    "re-signed with another previous": lambda: GOOD | {4: resealed(4, previous="0" * 64)},
    "re-signed without previous": lambda: GOOD | {4: resealed(4, previous=None)},
    "re-signed first with a previous": lambda: {1: resealed(1, previous="0" * 64)},
    "re-signed for another model": lambda: GOOD | {4: resealed(4, model="other")},
    "re-signed from nobody": lambda: GOOD | {4: resealed(4, **{"from": None})},
    "re-signed from an empty champion": lambda: {1: resealed(1, **{"from": {}})},
    "re-signed from somebody else": lambda: GOOD | {4: resealed(4, **{"from": TARGET})},
    "re-signed to nobody": lambda: GOOD | {4: resealed(4, to=None)},
    "re-signed to half a champion": lambda: GOOD | {4: resealed(4, to={"sha": sha(3)})},
    "re-signed with more of a champion": lambda: GOOD | {4: resealed(4, to={**TARGET, "x": 1})},
    "re-signed, SHA a list": lambda: GOOD | {4: resealed(4, to={**TARGET, "sha": [sha(3)]})},
    "re-signed, version a number": lambda: GOOD | {4: resealed(4, to={**TARGET, "version": 3})},
    "re-signed, reason null": lambda: GOOD | {4: resealed(4, reason=None)},
    "re-signed, time a number": lambda: GOOD | {4: resealed(4, time=0)},
    "re-signed with an unknown kind": lambda: GOOD | {4: resealed(4, kind="force")},
    "re-signed with kind a list": lambda: GOOD | {4: resealed(4, kind=["promote"])},
    "re-signed with another version": lambda: GOOD | {4: resealed(4, version=2)},
    "re-signed with version true": lambda: GOOD | {4: resealed(4, version=True)},
    "re-signed with an unknown field": lambda: GOOD | {4: resealed(4, comment="x")},
    "re-signed without a field": lambda: GOOD | {4: without(4, "actor")},
    "re-signed with a repeated operation": lambda: GOOD | {4: resealed(4, operation="operation 1")},
    "a statement for an entry": lambda: (
        GOOD | {4: seal(to_document(read(GOOD).links[3].entry), "application/vnd.in-toto+json", OURS.signer)}
    ),
}


@pytest.mark.parametrize("make", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_ledger_is_refused(make: Callable[[], Objects]) -> None:
    """Exit code 6, the ledger named, and what to do; no part of it is believed."""
    with pytest.raises(TamperedError, match=f"ledger of {MODEL}") as caught:
        read(make())
    assert caught.value.code == ExitCode.TAMPERED
    assert caught.value.do


@pytest.mark.parametrize("make", TAMPERED.values(), ids=TAMPERED)
def test_what_was_verified_a_moment_ago_hides_nothing(make: Callable[[], Objects]) -> None:
    """Bytes that changed since are verified like new ones."""
    with pytest.raises(TamperedError):
        ledger.read(MODEL, make(), [OURS.key], read(GOOD).links)


def test_what_was_verified_a_moment_ago_is_not_verified_again() -> None:
    """Nor asked for a key; only what came after is."""
    before = read(GOOD)
    assert ledger.read(MODEL, GOOD, [], before.links) == before
    more = GOOD | {5: sealed(following(before, 2))}
    with pytest.raises(TamperedError):
        ledger.read(MODEL, more, [], before.links)
    assert ledger.read(MODEL, more, [OURS.key], before.links) == read(more)


@settings(max_examples=100)
@given(st.integers(1, 4), st.integers(0, 10**6), st.integers(1, 255))
def test_no_byte_of_the_ledger_can_be_changed(seq: int, place: int, mask: int) -> None:
    """Not of the head either, whose digest no later entry holds."""
    data = bytearray(GOOD[seq])
    data[place % len(data)] ^= mask
    with pytest.raises(TamperedError):
        read(GOOD | {seq: bytes(data)})


def test_another_key_reads_nothing() -> None:
    """A ledger is worth what the keys are that one trusts; it is not read for another model."""
    for model, keys in ((MODEL, [OTHERS.key]), (MODEL, []), ("other", [OURS.key])):
        with pytest.raises(TamperedError):
            ledger.read(model, GOOD, keys)


def test_a_cut_tail_is_an_older_history_that_only_memory_can_tell() -> None:
    """The chain alone cannot know of later entries: the head's sequence number and digest tell them apart."""
    cut = read({seq: GOOD[seq] for seq in (1, 2)})
    whole = read(GOOD)
    assert cut.head is not None
    assert whole.head is not None
    assert cut.links == whole.links[:2]
    assert cut.head.entry.seq < whole.head.entry.seq


def test_an_empty_ledger_has_no_champion() -> None:
    """Before the first promotion there is nothing, and nothing fails."""
    empty = read({})
    assert (empty.head, empty.champion, empty.since, list(empty.earlier())) == (None, None, None, [])
    assert empty.operation("operation 1") is None


def test_history_folds_to_the_newest_target() -> None:
    """Who serves, since when, and which link an operation wrote."""
    found = read(GOOD)
    assert found.champion == champion(3)
    assert found.since == "2026-06-01T12:03:00Z"
    link = found.operation("operation 2")
    assert link is not None
    assert (link.entry.seq, link.entry.target) == (2, champion(2))
    assert found.operation("operation 9") is None


def test_the_chain_is_over_the_bytes_as_stored() -> None:
    """Each entry names the SHA-256 of the bytes before it, and who served until then."""
    links = read(GOOD).links
    assert [link.sha256 for link in links] == [of_bytes(GOOD[seq]) for seq in (1, 2, 3, 4)]
    assert [link.entry.previous for link in links] == [None, *(link.sha256 for link in links[:-1])]
    assert [link.entry.origin for link in links] == [None, champion(1), champion(2), champion(1)]


def test_the_order_in_which_objects_are_listed_does_not_matter() -> None:
    """A folder lists files in any order."""
    assert read(dict(reversed(GOOD.items()))) == read(GOOD)


@pytest.mark.parametrize(
    ("moves", "earlier"),
    [
        ([1], []),
        ([1, 2], [1]),
        ([1, 2, 3], [2, 1]),
        ([1, 2, 1], [2]),
        ([1, 2, 3, 2], [3, 1]),
        ([1, 2, 1, 3], [1, 2]),
        ([1, 1], []),
    ],
)
def test_earlier_champions_come_newest_first_each_once(moves: list[int], earlier: list[int]) -> None:
    """Never the one that serves, however often it moved."""
    found = history(*moves)
    assert list(found.earlier()) == [champion(number) for number in earlier]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
@settings(max_examples=25)
def test_any_history_names_its_champion_and_everyone_else(moves: list[int]) -> None:
    """The champion is the last move; the earlier ones are all others, each once."""
    found = history(*moves)
    assert found.champion == champion(moves[-1])
    earlier = [each.sha for each in found.earlier()]
    assert len(earlier) == len(set(earlier))
    assert {*earlier, sha(moves[-1])} == {sha(each) for each in moves}


def test_a_champion_is_found_by_version_sha_or_the_start_of_one() -> None:
    """The present one and past ones alike."""
    found = read(GOOD)
    for number in (1, 2, 3):
        for name in (str(number), f"v{number}", sha(number), sha(number)[:7], sha(number)[:20]):
            assert found.find(name) == champion(number)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "4",
        "01",
        " 1",
        "V1",
        "vv1",
        "v4",
        "previous",
        sha(1)[:6],
        sha(1)[1:],
        sha(1).upper(),
        sha(1) + "0",
        "*",
    ],
)
def test_who_never_served_is_not_found(name: str) -> None:
    """A start of six digits is too short; case, spaces and zeros are not mended. Exit code 2."""
    with pytest.raises(InvalidError, match="No champion has the version or SHA") as caught:
        read(GOOD).find(name)
    assert caught.value.do == "See them all: gates history"


def alike(first: str, second: str, versions: tuple[str, str] = ("1", "2")) -> History:
    """Return a history of two models with these SHAs and versions."""
    objects: Objects = {}
    for seq, (each, version) in enumerate(zip((first, second), versions, strict=True), start=1):
        entry = following(read(objects), seq)
        objects[seq] = sealed(replace(entry, target=replace(champion(seq), sha=each, version=version)))
    return read(objects)


def test_a_start_that_fits_two_is_refused() -> None:
    """One digit more decides."""
    found = alike("abcdef01" + "0" * 56, "abcdef02" + "0" * 56)
    with pytest.raises(InvalidError, match="2 champions fit 'abcdef0'"):
        found.find("abcdef0")
    assert found.find("abcdef02").version == "2"


def test_a_version_that_two_models_had_is_refused() -> None:
    """A registry that was made anew counts from 1 again; the SHA decides."""
    found = alike("a" * 64, "b" * 64, ("1", "1"))
    with pytest.raises(InvalidError, match="2 champions fit '1'"):
        found.find("1")
    assert found.find("b" * 64).run_id == "run-2"


def test_a_sha_that_was_promoted_twice_is_its_newest_version() -> None:
    """The same model made again has the same SHA; its last registration is the one to fetch."""
    found = alike("a" * 64, "a" * 64, ("1", "9"))
    assert found.find("a" * 64).version == "9"
    assert found.find("1").version == "1"


def test_a_version_is_not_taken_for_the_start_of_a_sha() -> None:
    """A version that is also how another's SHA begins is the version."""
    found = alike("1234567" + "0" * 57, "b" * 64, ("1", "1234567"))
    assert found.find("1234567").sha == "b" * 64


def test_the_next_entry_follows_the_head() -> None:
    """Number, digest and origin come from the head; the time is written in UTC."""
    empty, found = History(MODEL), read(GOOD)
    entries = [
        next_entry(
            each,
            operation="o",
            kind="rollback",
            target=champion(1),
            reason="why",
            actor="who",
            time=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        )
        for each in (empty, found)
    ]
    assert [(each.seq, each.previous, each.origin) for each in entries] == [
        (1, None, None),
        (5, of_bytes(GOOD[4]), champion(3)),
    ]
    assert entries[0].time == "2026-01-02T03:04:05Z"
    assert to_document(entries[1])["from"] == to_document(read(GOOD).links[3].entry)["to"]


def test_a_note_moves_nothing() -> None:
    """A refusal between two promotions: who serves, since when, and who is found stay as they were."""
    objects = stored(1)
    note = ledger.next_entry(
        read(objects),
        operation="refusal",
        kind="refuse",
        target=champion(9),
        reason="fail: golden",
        actor="somebody",
        time=datetime(2026, 6, 2, tzinfo=UTC),
        evidence="e" * 64,
    )
    assert (note.origin, note.target, note.moves) == (champion(1), champion(1), False)
    assert note.evidence == "e" * 64
    objects[2] = sealed(note)
    after = read(objects)
    assert (after.champion, after.since) == (champion(1), history(1).since)
    assert after.moved == after.links[0] != after.head
    assert after.served == (champion(1),)
    objects[3] = sealed(following(after, 2))
    assert list(read(objects).earlier()) == [champion(1)]


def test_a_rollback_to_who_never_served() -> None:
    """Well signed, and yet a second road to production."""
    first = sealed(following(History(MODEL), 1, "rollback"))
    for forged in (stored(1) | {2: sealed(following(history(1), 2, "rollback"))}, {1: first}):
        with pytest.raises(TamperedError, match="never served"):
            read(forged)


def test_a_note_before_the_first_champion() -> None:
    """Nobody serves; the first promotion follows it."""
    note = replace(following(History(MODEL), 1, "refuse"), target=None, evidence="e" * 64)
    objects = {1: sealed(note)}
    assert (read(objects).champion, read(objects).moved) == (None, None)
    objects[2] = sealed(following(read(objects), 1))
    assert read(objects).champion == champion(1)


@pytest.mark.parametrize(
    "forged",
    [
        replace(following(history(1), 2, "refuse"), target=champion(2)),
        replace(following(history(1), 2), target=None),
        replace(following(history(1), 2, "refuse"), target=None),
    ],
    ids=["a note that moves", "a move to nobody", "a note that takes away"],
)
def test_what_moves_says_so(forged: Entry) -> None:
    """Well signed, and yet no entry of ours."""
    with pytest.raises(TamperedError):
        read(stored(1) | {2: sealed(forged)})


def test_a_clock_that_went_back_moves_no_entry_back() -> None:
    """An entry counts as written when the one before it was, at the earliest."""
    whole = history(1, 2, 3)
    times = [link.entry.time for link in whole.links]
    back = replace(whole.links[1], entry=replace(whole.links[1].entry, time="2020-05-02T00:00:00Z"))
    assert whole.moments == tuple(times)
    assert replace(whole, links=(whole.links[0], back, whole.links[2])).moments == (
        times[0],
        times[0],
        times[2],
    )
