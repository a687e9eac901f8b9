"""What the gates say of themselves: a page each, and a schema that refuses what the policy refuses."""

import json
import re
from copy import deepcopy
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from gates import checks, policy
from gates.cli import cli
from gates.documents import read_yaml
from gates.errors import InvalidError
from gates.policy_blocks import TASKS
from gates.render import gate_page, policy_keys
from gates.run import reference
from gates.verdict import Outcome
from tests.checks.project import MULTICLASS, PARAMS, RANKING, REGRESSION
from tests.shell import ROOT

NAMES = checks.names()
PAGES = {path.stem: text for path, text in reference.pages().items()}
VALIDATOR = jsonschema.Draft7Validator(reference.schema())
FORMS = [(name, checks.form(checks.load(name), task)) for name in NAMES for task in TASKS]


def changed(address: str = "", value: Any = None, task: str = "", **blocks: Any) -> dict[str, Any]:  # noqa: ANN401 - a policy's values
    """The tests' policy with a value at an address such as `golden/min_auc`, of a task, with other blocks."""
    params = deepcopy(PARAMS)
    params["gates"] |= ({"task": task} if task else {}) | deepcopy(blocks)
    *steps, last = ["gates", *address.split("/")] if address else ["gates"]
    place = params
    for step in steps:
        place = place[step]
    if address:
        place[last] = value
    return params


GOOD = {
    "the demo": read_yaml(ROOT / "params.yaml"),
    "the consumer": read_yaml(ROOT / "examples/consumer/params.yaml"),
    "binary": changed(),
    "regression": changed(task="regression", **REGRESSION),
    "multiclass": changed(task="multiclass", **MULTICLASS),
    "ranking": changed("golden_set/group", "query", task="ranking", **RANKING),
    "a key as text": changed("trusted_keys", ["0" * 64]),
    "a key from a day on": changed("trusted_keys", [{"key": "0" * 64, "from": "2026-01-01"}]),
    "a command as text and as words": changed("review", {"lint": "ruff check", "tests": ["pytest", "-q"]}),
    "a number or a word": changed("champion/min_delta", "auto"),
    "nothing of what is live": changed("drift", {}),
}
BAD = {
    "no policy": {"train": {}},
    "a gate is missing": {"gates": {k: v for k, v in PARAMS["gates"].items() if k != "golden"}},
    "an unknown gate": changed("gold", {}),
    "an unknown key": changed("golden/max_acu", 0.9),
    "an unknown key of the project": changed("golden_set/feature", "x"),
    "a text for a number": changed("latency/p99_ms", "50"),
    "a number for a text": changed("model", 7),
    "true for a number": changed("latency/p99_ms", value=True),
    "a broken count": changed("behaviour/min_tests", 1.5),
    "nothing for a limit": changed("golden/min_auc", None),
    "a limit out of range": changed("golden/min_auc", 1.5),
    "an unknown mode": changed("behaviour/mode", "ignore"),
    "an unknown task": changed("task", "classification"),
    "a list for a block": changed("latency", []),
    "a limit of another task": changed(task="regression", **REGRESSION | {"golden": {"min_auc": 0.8}}),
    "a limit of binary alone": changed("golden/min_metrics", {"auc": 1}, task="multiclass"),
    "a limit of a regression": changed("golden/max_rmse", 3.0),
}


# ---------------------------------------------------------------- the schema


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(reference.schema())


@pytest.mark.parametrize("params", GOOD.values(), ids=GOOD)
def test_every_policy_here_validates(params: dict[str, Any]) -> None:
    """By the schema as by the models."""
    assert list(VALIDATOR.iter_errors(params)) == []
    policy.parse(params, checks.policies())


@pytest.mark.parametrize("params", BAD.values(), ids=BAD)
def test_what_the_policy_refuses_an_editor_sees(params: dict[str, Any]) -> None:
    """Unknown keys, wrong types, bounds, and limits of another task."""
    assert not VALIDATOR.is_valid(params)
    with pytest.raises(InvalidError):
        policy.parse(params, checks.policies())


def test_the_command_prints_it() -> None:
    """As JSON, with `--json` or without."""
    for flags in ((), ("--json",)):
        told = CliRunner().invoke(cli, ["policy", "--schema", *flags, "--project", str(ROOT)])
        assert (told.exit_code, json.loads(told.stdout)) == (0, reference.schema())


def test_the_line_for_editors_names_it() -> None:
    """What docs/adopt.md tells to write leads to a file that is there."""
    page = (ROOT / "docs/adopt.md").read_text("utf-8")
    (place,) = re.findall(r"# yaml-language-server: \$schema=(\S+)", page)
    assert place.endswith(reference.SCHEMA.as_posix())


# ---------------------------------------------------------------- the pages


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_every_key_of_a_policy_has_a_meaning(name: str, form: Any) -> None:  # noqa: ANN401 - a gate's form
    told = policy_keys.keys(form)
    assert set(told) == set(form.model_fields), name
    for key, each in told.items():
        assert re.fullmatch(r"\S.{5,110}[.]", each.meaning), f"{name}.{key}: {each.meaning}"


@pytest.mark.parametrize(
    ("name", "key", "value", "default"),
    [
        ("golden", "min_auc", "a number from 0 to 1", "needed"),
        ("golden", "max_brier", "a number from 0 to 1", "none"),
        ("golden", "min_slice_auc", "names, each with a number from 0 to 1", "`{}`"),
        ("champion", "min_delta", "a number from 0 below 1 or `auto`", "`0.005`"),
        ("champion", "improves", "a text", '`""`'),
        ("latency", "requests", "a whole number from 299 to 1,000,000", "`2000`"),
        ("behaviour", "mode", "`block`, `report`", "`block`"),
        ("fairness", "attributes", "a list, each a text", "needed"),
    ],
)
def test_what_may_stand_at_a_key_and_what_holds_without_it(
    name: str, key: str, value: str, default: str
) -> None:
    told = policy_keys.keys(checks.load(name).Policy)[key]
    assert (told.value, told.default) == (value, default)


def test_no_meaning_is_left_over() -> None:
    """Each is of a key that no docstring explains."""
    unexplained: set[str] = set()
    for _, form in FORMS:
        lines = "\n".join(each.__doc__ or "" for each in form.__mro__)
        unexplained |= {key for key in form.model_fields if f"    {key}: " not in lines}
    assert set(policy_keys.MEANINGS) == unexplained


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_a_failure_of_this_gate(name: str) -> None:
    """Drawn as a terminal shows it, the finding that failed first."""
    made = reference.example(name)
    assert made.outcome is Outcome.FAIL
    assert made.decisive is not None
    drawn = PAGES[name].partition("## A failure\n\n```\n")[2].partition("\n```")[0].splitlines()
    assert drawn[0] == f"{name}: fail"
    assert drawn[2].startswith(f"{made.decisive.name} ")
    names = "".join(line.split("  ")[0] for line in drawn[2:])
    assert all(each.name[:20] in names for each in made.findings)
    assert max(map(len, drawn)) <= gate_page.WIDTH


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_all_its_parts(name: str) -> None:
    """Question, when it fails, when it is undecided, keys with their defaults, inputs, what to do."""
    page, check = PAGES[name], checks.load(name)
    assert page.startswith(f"# {name}\n")
    assert f"**{(check.__doc__ or '').splitlines()[0]}**" in page
    parts = re.findall(r"^## (.+)\n\n(.+)", page, re.MULTILINE)
    assert [title for title, _ in parts] == [
        *("When it fails", "When it is undecided", "Policy", "Inputs", "A failure", "What to do")
    ]
    assert all(text.startswith("When ") for _, text in parts[:2])
    assert "Fails when" not in page
    for task in TASKS:
        for key, each in policy_keys.keys(checks.form(check, task)).items():
            assert f"| `{key}` | {each.value} | {each.default} | {each.meaning} |" in page
    for field in checks.input_fields(check):
        assert f"| `--{field.name.replace('_', '-')}` |" in page
    assert re.search(r"^\| fail \| 1 \| .+ \|$", page, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_the_waiver_of_a_page_is_one(name: str) -> None:
    """What it tells to paste is a waiver of the finding that failed."""
    (pasted,) = re.findall(r"(?s)```yaml\n(.*?)```", PAGES[name])
    parsed = policy.parse(changed("waivers", yaml.safe_load(pasted)["gates"]["waivers"]), checks.policies())
    (waiver,) = parsed.waivers
    decisive = reference.example(name).decisive
    assert decisive is not None
    assert (waiver.gate, waiver.finding) == (name, decisive.name)


def test_the_index_leads_to_every_page() -> None:
    assert re.findall(r"\]\((\w+)\.md\)", PAGES["index"]) == NAMES


def test_a_docstring_that_does_not_say_when_it_fails_makes_no_page() -> None:
    """A page without its heart would be worse than none."""
    with pytest.raises(ValueError, match="does not say when it fails"):
        gate_page.render(
            gate_page.GatePage("x", "Is it?\n\nUndecided when it is.", {}, [], reference.example("golden"))
        )
