"""Tests of `gates.policy`: every mistake is told at once, with its address."""

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gates import checks, policy, policy_blocks, policy_values
from gates.digest import canonical_json, of_document
from gates.documents import parse_json, read_yaml
from gates.errors import ExitCode, InvalidError
from gates.leaves import differences
from gates.policy import Policy

PARAMS = read_yaml(Path(__file__).parents[1] / "params.yaml")
MODELS = checks.policies()
GONE = object()
WAIVER = {
    "gate": "fairness",
    "finding": "disparate_impact/female",
    "reason": "agreed with the board",
    "owner": "retention team",
    "expires": "2027-06-30",
}


def edited(edits: dict[str, object]) -> dict[str, Any]:
    """Return the demo's parameters with values at addresses replaced, added or taken away."""
    params = deepcopy(PARAMS)
    for address, value in edits.items():
        *steps, last = address.split("/")
        place: Any = params
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if value is GONE:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return params


def mistakes(edits: dict[str, object]) -> list[str]:
    """Return the mistakes that are told of an edited policy, one a line."""
    with pytest.raises(InvalidError) as caught:
        policy.parse(edited(edits), MODELS)
    assert caught.value.code == ExitCode.INVALID
    assert caught.value.do
    head, *lines = caught.value.what.split("\n  ")
    assert head == f"params.yaml has {len(lines)} mistake{'s' if len(lines) > 1 else ''}:"
    return lines


BAD = {
    "missing field": ("golden/min_auc", GONE, "gates.golden.min_auc: missing"),
    "missing shared field": ("trusted_types", GONE, "gates.trusted_types: missing"),
    "missing block": ("golden_set", GONE, "gates.golden_set: missing"),
    "missing gate": ("latency", GONE, "gates.latency: missing; to see it without blocking write `latency: "),
    "unknown field": (
        "golden/colour",
        1,
        "gates.golden.colour: unknown; known here: max_auc, max_brier, max_cal",
    ),
    "misspelt field": ("golden/min_acu", 0.9, "gates.golden.min_acu: unknown; did you mean 'min_auc'?"),
    "misspelt shared field": ("data/lable", "x", "gates.data.lable: unknown; did you mean 'label'?"),
    "misspelt waiver field": ("waivers/1/ownr", "x", "gates.waivers.1.ownr: unknown; did you mean 'owner'?"),
    "unknown gate": (
        "xyzzy",
        {},
        "gates.xyzzy: unknown; known here: alerts, approvers, behaviour, break_glass_hours",
    ),
    "misspelt gate": ("goldne", {}, "gates.goldne: unknown; did you mean 'golden'?"),
    "text for a number": (
        "golden/min_auc",
        "high",
        'gates.golden.min_auc: input should be a valid number, got "h',
    ),
    "string as number": (
        "latency/p99_ms",
        "200",
        'gates.latency.p99_ms: input should be a valid number, got "200"',
    ),
    "bool as number": (
        "golden/min_auc",
        True,
        "gates.golden.min_auc: input should be a valid number, got true",
    ),
    "bool as count": (
        "latency/requests",
        True,
        "gates.latency.requests: input should be a valid integer, got true",
    ),
    "fraction as count": ("latency/requests", 9.5, "gates.latency.requests: input should be a valid integer"),
    "number as text": ("model", 5, "gates.model: input should be a valid string, got 5"),
    "list for a block": ("golden", [], "gates.golden: input should be an object, got []"),
    "text for a list": ("trusted_types", "a", "gates.trusted_types: input should be a valid array"),
    "object for a list": ("waivers", {}, "gates.waivers: input should be a valid array, got {}"),
    "null": ("golden/min_auc", None, "gates.golden.min_auc: input should be a valid number, got null"),
    "null gate": ("lineage", None, "gates.lineage: input should be an object, got null"),
    "null list": ("trusted_types", None, "gates.trusted_types: input should be a valid array, got null"),
    "empty list": ("golden/min_auc", [], "gates.golden.min_auc: input should be a valid number, got []"),
    "empty list for a text": ("model", [], "gates.model: input should be a valid string, got []"),
    "empty list for slices": (
        "golden/min_slice_auc",
        [],
        "gates.golden.min_slice_auc: input should be an object",
    ),
    "empty text": ("data/key", "", "gates.data.key: string should have at least 1 character"),
    "empty text in a list": ("trusted_types", [""], "gates.trusted_types.0: string should have at least 1"),
    "empty ledger": ("ledger", "", "gates.ledger: should be a folder or s3://bucket/prefix, got"),
    "negative": ("latency/p99_ms", -1, "gates.latency.p99_ms: input should be greater than 0, got -1"),
    "negative count": (
        "schema/max_violations",
        -1,
        "gates.schema.max_violations: input should be greater than or",
    ),
    "too few requests for a p99": (
        "latency/requests",
        298,
        "gates.latency.requests: input should be greater",
    ),
    "slice without a column": (
        "golden/min_slice_auc/female",
        0.5,
        "gates.golden.min_slice_auc.female.[key]: should be a slice written as column=value",
    ),
    "zero rows": ("golden/min_rows_per_class", 0, "gates.golden.min_rows_per_class: input should be greater"),
    "above its range": (
        "golden/min_auc",
        1.5,
        "gates.golden.min_auc: input should be less than or equal to 1",
    ),
    "slice above its range": (
        "golden/min_slice_auc/a=b",
        2,
        "gates.golden.min_slice_auc.a=b: input should be less",
    ),
    "threshold below its range": (
        "fairness/threshold",
        -0.1,
        "gates.fairness.threshold: input should be greater",
    ),
    "NaN": ("golden/min_auc", float("nan"), "gates.golden.min_auc: input should be a finite number"),
    "infinity": ("latency/p99_ms", float("inf"), "gates.latency.p99_ms: input should be a finite number"),
    "unknown version": ("version", 2, "gates.version: this ml-gates knows version 1 only, got 2"),
    "version as text": ("version", "1", "gates.version: input should be a valid integer"),
    "version true": ("version", True, "gates.version: input should be a valid integer, got true"),
    "unknown mode": ("golden/mode", "Report", "gates.golden.mode: input should be 'block' or 'report', got"),
    "unknown rule": (
        "champion/first_model",
        "yes",
        "gates.champion.first_model: input should be 'floor', 'ap",
    ),
    "model that is a path": ("model", "../x", "gates.model: should be a name of at most 63 letters"),
    "model of a drill": (
        "model",
        "churn.drill",
        "gates.model: a name that ends in .drill is that",
    ),
    "model of a drill, as MySQL reads it": ("model", "x.DRILL", "gates.model: a name that ends in .drill is"),
    "model with a line break": ("model", "a\n", "gates.model: should be a name of at most 63 letters"),
    "short digest": (
        "golden_set/labels_sha256",
        "abc",
        "gates.golden_set.labels_sha256: should be 64 hex digits",
    ),
    "digest in capitals": (
        "golden_set/labels_sha256",
        "A" * 64,
        "gates.golden_set.labels_sha256: should be 64 hex digits",
    ),
    "key that is none": ("trusted_keys", ["a" * 63], "gates.trusted_keys.0.key: should be what `gates key`"),
    "point that is none": (
        "trusted_keys",
        [{"key": "p256:02" + "0" * 63 + "4"}],
        "gates.trusted_keys.0.key: should be what `gates key`",
    ),
    "point not compressed": (
        "trusted_keys",
        [f"p256:04{'a' * 128}"],
        "gates.trusted_keys.0.key: should be what `gates key`",
    ),
    "key listed twice": (
        "trusted_keys",
        ["a" * 64, {"key": "a" * 64, "revoked": "2026-01-01"}],
        "gates.trusted_keys: the key aaaaaaaaaaaaaaaa… is listed twice",
    ),
    "unknown signer": ("signer", "vault:key", "gates.signer: should be file:PATH, awskms:KEY or sigstore:"),
    "signer without a scheme": (
        "signer",
        "key.pem",
        "gates.signer: should be file:PATH, awskms:KEY or sigst",
    ),
    "signer of two lines": ("signer", "file:a\nb", "gates.signer: should be file:PATH, awskms:KEY or sigst"),
    "neither key nor identity": (
        "trusted_keys",
        [{"owner": "ada"}],
        "gates.trusted_keys.0: needs a key, or an identity with its issuer",
    ),
    "identity without issuer": (
        "trusted_keys",
        [{"identity": "https://example.org/x"}],
        "gates.trusted_keys.0: needs a key, or an identity with its issuer",
    ),
    "key and identity": (
        "trusted_keys",
        [{"key": "a" * 64, "identity": "https://example.org/x", "issuer": "https://example.org"}],
        "gates.trusted_keys.0: has a key and an identity",
    ),
    "approver who signs decisions": (
        "approvers",
        [{"key": "a" * 64, "owner": "Ada"}, {"key": "a" * 64, "owner": "Grace"}],
        "gates.approvers: the key aaaaaaaaaaaaaaaa… is listed twice",
    ),
    "workflow without repository": (
        "trusted_keys",
        [{"identity": "https://github.com/x", "issuer": policy_blocks.GITHUB}],
        "gates.trusted_keys.0: needs its repository",
    ),
    "identity of two words": (
        "trusted_keys",
        [{"identity": "a b", "issuer": "https://example.org"}],
        "gates.trusted_keys.0.identity: should be a URI",
    ),
    "identity listed twice": (
        "trusted_keys",
        [{"identity": "a", "issuer": "b"}, {"identity": "a", "issuer": "b", "revoked": "2026-01-01"}],
        "gates.trusted_keys: the key sigstore:",
    ),
    "signer with a key that has none": ("signer", "sigstore:x", "gates.signer: should be file:PATH, awskms:"),
    "trust config outside": (
        "sigstore",
        {"trust_config": "../x", "trust_config_sha256": "a" * 64},
        "gates.sigstore.trust_config: the path '../x' leaves",
    ),
    "golden version": ("golden_set/version", "1", "gates.golden_set.version: should be a version such as v1"),
    "parent": ("data/raw", "../x", "gates.data.raw: the path '../x' leaves the project"),
    "absolute": ("training/model", "/etc", "gates.training.model: the path '/etc' leaves the project"),
    "the project itself": ("training/model", ".", "gates.training.model: the path '.' leaves the project"),
    "contract outside": ("schema/raw_contract", "../x", "gates.schema.raw_contract: the path '../x' leaves"),
    "look-alike path": ("data/train", "d\u0430ta", "gates.data.train: the path 'd\u0430ta' has look-alike"),
    "labels beside features": (
        "golden_set/labels",
        "data/golden/features.parquet",
        "gates.golden_set.labels: labels and features are one file",
    ),
    "burn-in before the move": (
        "alerts",
        {"burn_in_minutes": -1},
        "gates.alerts.burn_in_minutes: input should",
    ),
    "burn-in of a week": ("alerts", {"burn_in_minutes": 10080}, "gates.alerts.burn_in_minutes: input should"),
    "waiver for an unknown gate": (
        "waivers/0/gate",
        "fairnes",
        "gates.waivers.0.gate: there is no gate 'fairnes'; did you mean 'fairness'?",
    ),
    "waiver without expiry": ("waivers/0/expires", GONE, "gates.waivers.0.expires: missing"),
    "waiver to no day": ("waivers/0/expires", "2027-02-30", "gates.waivers.0.expires: day is out of range"),
    "waiver to a moment": (
        "waivers/0/expires",
        "2027-06-30T00:00:00",
        "gates.waivers.0.expires: a day is written",
    ),
    "waiver to seconds": (
        "waivers/0/expires",
        "1893456000",
        "gates.waivers.0.expires: a day is written as YYYY",
    ),
    "waiver to a number": (
        "waivers/0/expires",
        20270630,
        "gates.waivers.0.expires: input should be a valid date",
    ),
    "waiver without reason": (
        "waivers/0/reason",
        "",
        "gates.waivers.0.reason: should be a sentence of at least 10",
    ),
    "waiver with a blank reason": (
        "waivers/0/reason",
        " " * 20,
        "gates.waivers.0.reason: should be a sentence of at least 10",
    ),
    "waiver of nobody": ("waivers/0/owner", "  ", "gates.waivers.0.owner: should be a name"),
    "waiver for everything": (
        "waivers/0/finding",
        "",
        "gates.waivers.0.finding: string should have at least 1",
    ),
}


@pytest.mark.parametrize(("address", "value", "says"), BAD.values(), ids=BAD)
def test_a_mistake_is_told_with_its_address(address: str, value: object, says: str) -> None:
    """Exactly this mistake and no other, on one line that a terminal shows as it is."""
    (line,) = mistakes({f"gates/{address}": value})
    assert line.startswith(says)
    assert line.isprintable()
    assert len(line) < 500


def test_every_mistake_is_told_at_once() -> None:
    """Mistakes of several gates, of the shared part, of paths and of waivers stand in one list."""
    told = mistakes(
        {
            "gates/version": 3,
            "gates/data/raw": "../x",
            "gates/goldn": {},
            "gates/golden/min_auc": "x",
            "gates/golden/max_brier": 7,
            "gates/latency/p99_ms": -1,
            "gates/fairness": GONE,
            "gates/schema/raw_contract": "/x",
        }
    )
    assert sorted(line.partition(":")[0] for line in told) == [
        "gates.data.raw",
        "gates.fairness",
        "gates.golden.max_brier",
        "gates.golden.min_auc",
        "gates.goldn",
        "gates.latency.p99_ms",
        "gates.schema.raw_contract",
        "gates.version",
    ]


def test_what_is_quoted_is_short_and_cannot_steer_a_terminal() -> None:
    """Keys and values of any length, with control characters in them, are shown safely."""
    (line,) = mistakes({"gates/model": "x" * 10_000})
    assert len(line) < 200
    (line,) = mistakes({f"gates/{'k' * 10_000}": 1})
    assert len(line) < 500
    (line,) = mistakes({"gates/\x1b[2J": 1})
    assert line.startswith(r"gates.'\x1b[2J': unknown")
    (line,) = mistakes({"gates/model": "\x1b[2J"})
    assert line.isprintable()


@pytest.mark.parametrize("block", [GONE, None, [], "yes", 5])
def test_a_file_without_a_policy_is_refused(block: object) -> None:
    """The file is named, and what to do."""
    with pytest.raises(InvalidError, match=r"mine\.yaml has no `gates:` block") as caught:
        policy.parse(edited({"gates": block}), MODELS, "mine.yaml")
    assert caught.value.do


def live(form: type[policy_blocks.GatePolicy]) -> bool:
    """Whether a gate looks at live traffic and so needs no block."""
    return issubclass(form, policy_blocks.LivePolicy | policy_blocks.OptionalPolicy)


def test_an_empty_policy_lists_all_that_is_missing() -> None:
    """Someone who starts from nothing sees everything that is needed."""
    told = mistakes({"gates": {}})
    assert {line.split(":")[0].removeprefix("gates.") for line in told} >= {
        *(name for name, form in MODELS["binary"].items() if not live(form)),
        "version",
        "model",
        "data",
    }
    assert all(": missing" in line for line in told)


def test_the_demo_s_policy_is_read() -> None:
    """Gates in the order of the file, values as written, the digest of the block."""
    read = policy.parse(PARAMS, MODELS)
    judging = {name for name, form in MODELS["binary"].items() if not live(form)}
    judging |= {"behaviour", "documentation"}  # asked for
    assert list(read.gates) == [name for name in PARAMS["gates"] if name in judging]
    assert read.project.model == "churn"
    assert read.gates["latency"].model_dump()["p99_ms"] == 200
    assert read.sha256 == of_document(PARAMS["gates"])


def test_defaults_are_strict() -> None:
    """What is left out blocks, trusts no key and waives nothing."""
    read = policy.parse(edited({"gates/waivers": GONE}), MODELS)
    assert not read.waivers
    assert not read.project.trusted_keys
    assert {block.mode for block in read.gates.values()} == {"block"}


def test_waivers_reach_the_verdict_as_they_are_written() -> None:
    """Every field, the day as a day."""
    read = policy.parse(edited({"gates/waivers": [WAIVER]}), MODELS)
    (waiver,) = read.waivers
    assert vars(waiver) == {**WAIVER, "expires": date(2027, 6, 30)}


def test_a_policy_cannot_be_changed_after_it_was_read() -> None:
    """Neither a gate's block nor the shared part."""
    read = policy.parse(PARAMS, MODELS)
    for block, field in ((read.gates["golden"], "mode"), (read.project, "model"), (read, "sha256")):
        with pytest.raises((ValueError, AttributeError), match=r"frozen|cannot assign"):
            setattr(block, field, "report")


def test_the_digest_tells_policies_apart_and_nothing_else() -> None:
    """Any changed value gives another digest; the other blocks of params.yaml and the order do not."""
    edits: list[dict[str, object]] = [
        {},
        {"gates/golden/min_auc": 0.5},
        {"gates/golden/mode": "report"},
        {"gates/waivers": []},
    ]
    digests = {policy.parse(edited(each), MODELS).sha256 for each in edits}
    assert len(digests) == 4
    turned = {"gates": dict(reversed(PARAMS["gates"].items())), "train": {"seed": 9}}
    assert policy.parse(turned, MODELS).sha256 == policy.parse(PARAMS, MODELS).sha256


@settings(max_examples=150)
@given(
    st.sampled_from(
        [f"gates/{name}" for name in PARAMS["gates"]] + ["gates/golden/min_auc", "gates/data/raw"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=4),
        lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=3), each, max_size=3),
    ),
)
def test_whatever_stands_there_it_is_a_policy_or_a_list_of_mistakes(address: str, value: object) -> None:
    """No value ends with another exception; what is accepted has a digest."""
    try:
        read = policy.parse(edited({address: value}), MODELS)
    except InvalidError as error:
        assert "gates." in error.what  # noqa: PT017 - it may also pass
    else:
        assert isinstance(read, Policy)
        assert parse_json(canonical_json({"sha256": read.sha256}), "x")


def test_changes_are_told_address_by_address() -> None:
    """What is other, new or gone; nothing where nothing is."""
    before = PARAMS["gates"]
    edits = {"gates/golden/min_auc": 0.5, "gates/golden/max_brier": GONE, "gates/decision_days": 3}
    after = edited(edits)["gates"]
    assert differences(before, after, "gates") == (
        "gates.decision_days: absent → 3",
        f"gates.golden.max_brier: {before['golden']['max_brier']} → absent",
        f"gates.golden.min_auc: {before['golden']['min_auc']} → 0.5",
    )
    assert differences(before, deepcopy(before), "gates") == ()


def test_a_list_that_was_emptied_is_told() -> None:
    """A waiver that is gone as well as one that came."""
    after = edited({"gates/waivers": []})["gates"]
    told = differences(PARAMS["gates"], after, "gates")
    assert "gates.waivers: absent → []" in told
    assert any(line.startswith("gates.waivers.0.reason: ") and line.endswith("→ absent") for line in told)


REGRESSION: dict[str, object] = {
    "gates/task": "regression",
    "gates/golden": {"max_rmse": 60.0},
    "gates/champion": {"min_delta": 5.0, "first_model": "floor"},
    "gates/fairness": {"attributes": ["female"], "max_mean_difference": 30.0},
}


def test_a_policy_without_a_task_is_that_of_a_classification() -> None:
    """So what was pinned and signed before there was a choice keeps its digest and its meaning."""
    assert policy.parse(PARAMS, MODELS).project.task == "binary"


def test_a_regression_has_limits_of_its_own() -> None:
    """A difference in the unit of the label may be above 1."""
    read = policy.parse(edited(REGRESSION), MODELS)
    assert read.project.task == "regression"
    assert read.gates["champion"].model_dump()["min_delta"] == 5.0
    assert "min_auc" not in type(read.gates["golden"]).model_fields


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        (
            {"gates/golden/max_rmse": 60.0},
            "gates.golden.max_rmse: is for regression; choose limits of gates.t",
        ),
        (
            REGRESSION | {"gates/golden/min_auc": 0.7},
            "gates.golden.min_auc: is for binary; choose limits of gates.task",
        ),
        (
            REGRESSION | {"gates/champion/min_rows_per_class": 9},
            "gates.champion.min_rows_per_class: is for binary",
        ),
        (
            REGRESSION | {"gates/fairness/threshold": 0.5},
            "gates.fairness.threshold: is for binary",
        ),
        (
            REGRESSION | {"gates/golden/max_rmes": 1.0},
            "gates.golden.max_rmes: unknown; did you mean 'max_rmse'",
        ),
        (
            REGRESSION | {"gates/golden": {}},
            "gates.golden: needs one of max_rmse, max_mae, min_r2, min_metrics and m",
        ),
        (
            REGRESSION | {"gates/fairness": {"attributes": ["female"]}},
            "gates.fairness: needs one of max_group_rmse and max_mean_difference",
        ),
        ({"gates/task": "clustering"}, "gates.task: input should be 'binary', 'multiclass', "),
        ({"gates/task": ["regression"]}, "gates.task: input should be 'binary', 'multiclass', "),
        (
            REGRESSION | {"gates/task": None},
            "gates.task: input should be 'binary', 'multiclass', ",
        ),
    ],
)
def test_a_limit_of_another_task_is_told_with_its_address(edits: dict[str, object], told: str) -> None:
    (line,) = mistakes(deepcopy(edits))
    assert line.startswith(told)


# ---------------------------------------------------------------- gates over live traffic


class Watching(policy_blocks.LivePolicy):
    """A gate over live traffic with one limit."""

    max_share: float = 0.2


WITH_LIVE: dict[policy_values.Task, dict[str, type[policy_blocks.GatePolicy]]] = {
    task: {**forms, "watching": Watching} for task, forms in MODELS.items()
}


def test_a_gate_over_live_traffic_needs_no_block() -> None:
    """Its defaults hold, and no promotion asks for it."""
    read = policy.parse(PARAMS, WITH_LIVE)
    assert read.block("watching") == Watching()
    assert read.block("golden") == read.gates["golden"]
    assert "watching" not in read.gates
    assert read.filled["watching"] == {"mode": "block", "max_share": 0.2}


def test_the_block_of_a_gate_over_live_traffic_is_held_like_any_other() -> None:
    """A slip in it is told with its address."""
    slip = edited({"gates/watching": {"max_shar": 0.3}})
    with pytest.raises(InvalidError, match=r"gates\.watching\.max_shar: unknown; did you mean 'max_share'"):
        policy.parse(slip, WITH_LIVE)
    read = policy.parse(edited({"gates/watching": {"max_share": 0.3}}), WITH_LIVE)
    assert read.block("watching") == Watching(max_share=0.3)


# ---------------------------------------------------------------- gates that the policy may ask for


def test_a_gate_that_nobody_asked_for_does_not_judge() -> None:
    """Without its block it is no gate of this policy; run alone, it says what to write."""
    read = policy.parse(edited({}), MODELS)
    assert "freshness" not in read.gates
    with pytest.raises(InvalidError, match=r"no block gates\.freshness") as caught:
        read.block("freshness")
    assert "freshness: {mode: report}" in caught.value.do


def test_a_gate_that_was_asked_for_judges_like_any_other() -> None:
    """It reports until it is told to block."""
    read = policy.parse(edited({"gates/freshness": {"max_age_days": 30}}), MODELS)
    assert read.gates["freshness"].mode == "report"
    assert read.block("freshness") is read.gates["freshness"]
