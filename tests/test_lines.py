"""Tests of `gates.lines`: an address leads to the line that a person would look at."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gates.documents import parse_yaml
from gates.leaves import leaves
from gates.lines import line, lines

TEXT = """\
seed: 1
# a comment
gates:
  latency:
    p99_ms: 200.0

  waivers:
    - gate: fairness
      owner: ada
    - {gate: golden, owner: grace}
  flow: [1, 2,
    3]
"""
PARAMS = Path(__file__).parents[1] / "params.yaml"


def test_every_address_has_the_line_of_its_key() -> None:
    assert lines(TEXT) == {
        "seed": 1,
        "gates": 3,
        "gates.latency": 4,
        "gates.latency.p99_ms": 5,
        "gates.waivers": 7,
        "gates.waivers.0": 8,
        "gates.waivers.0.gate": 8,
        "gates.waivers.0.owner": 9,
        "gates.waivers.1": 10,
        "gates.waivers.1.gate": 10,
        "gates.waivers.1.owner": 10,
        "gates.flow": 11,
        "gates.flow.0": 11,
        "gates.flow.1": 11,
        "gates.flow.2": 12,
    }


def test_what_is_absent_is_looked_for_where_it_would_stand() -> None:
    found = lines(TEXT)
    assert line(found, "gates.latency.p50_ms") == 4
    assert line(found, "gates.waivers.1.reason") == 10
    assert line(found, "elsewhere.key") == 0
    assert line(found, "") == 0


def test_every_value_of_the_demos_parameters_stands_in_the_line_that_is_told() -> None:
    text = PARAMS.read_text()
    found, written = lines(text), text.splitlines()
    for address, _ in leaves(parse_yaml(text.encode(), "params.yaml")):
        assert address.rpartition(".")[2] in written[found[address] - 1], address


def test_an_alias_has_the_lines_of_its_anchor() -> None:
    assert lines("a: &here\n  b: 1\nc: *here\n") == {"a": 1, "a.b": 2, "c": 3, "c.b": 2}


def test_no_document_has_no_lines() -> None:
    assert lines("") == {}


@given(
    st.recursive(
        st.integers(), lambda below: st.dictionaries(st.sampled_from("abcd"), below, min_size=1, max_size=3)
    )
)
def test_lines_and_leaves_have_the_same_addresses(value: object) -> None:
    import yaml

    document = {"top": value}
    found = lines(yaml.safe_dump(document))
    assert {address for address, _ in leaves(document)} <= found.keys()
