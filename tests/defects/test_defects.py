"""Every defect is what its sentence says: it changes files, the same way each time, and nothing else."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from gates import checks, defects, junit, timings
from gates.defects import Case, Defect, NotApplicableError, groups, rivals, scores, tables, timed
from gates.defects.case import BEHAVIOUR, LATENCY, WAIVED
from gates.documents import parse_yaml
from gates.policy_blocks import LivePolicy
from gates.statement import to_document
from gates.verdict import Outcome, Verdict, Waiver, at_most
from tests import examples
from tests.checks.project import Project, build

OTHERS = {"policy", "hand-over", "train", "judge", "promote", WAIVED}
NEEDS_WAIVERS = {"waiver expired"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that passes every gate beside a champion; it is only read."""
    made = build(tmp_path_factory.mktemp("defects"))
    made.write_document("evidence/statement.json", to_document(examples.decision()))
    for job in ("data", "predict"):
        made.write_document(f"candidate/{job}.json", {"files": {}})
    return made


@pytest.fixture(scope="module")
def case(project: Project) -> Case:
    """What defects are planted in."""
    return Case(project.root, project.opened().policy, examples.decision(), date(2026, 6, 1))


def table(changes: Mapping[str, bytes], name: str) -> pd.DataFrame:
    """A table as a defect leaves it."""
    return pd.read_parquet(BytesIO(changes[name]))


def by_name(name: str) -> Defect:
    """The defect of that name."""
    (found,) = (each for each in defects.ALL if each.name == name)
    return found


def test_names_are_different_and_those_expected_exist() -> None:
    """A reader finds the gate by its name."""
    names = [each.name for each in defects.ALL]
    assert len(set(names)) == len(names) >= 25
    assert {who for each in defects.ALL for who in each.expected} <= {*checks.names(), *OTHERS}
    assert all(each.expected and each.planted.endswith(".") and each.held_by for each in defects.ALL)


def test_every_gate_that_judges_is_the_only_one_expected_somewhere() -> None:
    """Or nobody would notice that it cannot fail."""
    judging = {name for name in checks.names() if not issubclass(checks.load(name).Policy, LivePolicy)}
    alone = {each.expected[0] for each in defects.ALL if len(each.expected) == 1 and not each.retrains}
    assert judging <= alone


@pytest.mark.parametrize("defect", defects.ALL, ids=lambda defect: defect.name)
def test_a_defect_changes_files_and_the_same_each_time(case: Case, defect: Defect) -> None:
    """Where it is applicable; whatever it changes is a file that was there."""
    if defect.name in NEEDS_WAIVERS:
        with pytest.raises(NotApplicableError, match="waived"):
            defect.plant(case)
        return
    changes = defect.plant(case)
    assert changes == defect.plant(case)
    assert any(content != (case.root / name).read_bytes() for name, content in changes.items())


def test_a_bent_score_keeps_its_rank(case: Case) -> None:
    """The AUC is what it was, to the last bit."""
    labels = case.table("labels")["churn"]
    before = case.table("predictions")["challenger"]
    after = table(scores.miscalibrated(case), "candidate/predictions.parquet")["challenger"]
    assert roc_auc_score(labels, after) == roc_auc_score(labels, before)
    assert abs(after - before).mean() > 0.1


def test_a_ruined_slice_leaves_the_other_rows(case: Case) -> None:
    """Within it the order is turned round."""
    before = case.table("predictions")
    after = table(scores.slice_ruined(case), "candidate/predictions.parquet")
    inside = (case.table("features")["contract"] == "One year").to_numpy()
    kept = before["challenger"].to_numpy() == after["challenger"].to_numpy()
    assert kept[~inside].all()
    assert sorted(after["challenger"][inside]) == sorted(before["challenger"][inside])
    ranks = before["challenger"][inside].rank().corr(after["challenger"][inside].rank())
    assert ranks < -0.99


def test_a_group_is_scored_down_alone(case: Case) -> None:
    """The one that is scored lowest anyway; the champion's scores stay."""
    before = case.table("predictions")
    after = table(groups.group_scored_down(case), "candidate/predictions.parquet")
    changed = before["challenger"].to_numpy() > after["challenger"].to_numpy()
    group = case.table("features")["female"].to_numpy()
    assert len({*group[changed]}) == 1
    assert (before["champion"] == after["champion"]).all()


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression", "ranking"])
def test_a_group_is_last_by_the_same_answers(tmp_path: Path, task: str) -> None:
    """The values of one column change places; answers, labels and the other columns stay."""
    made = build(tmp_path / "project")
    if task != "binary":
        getattr(made, task)()
    case = Case(made.root, made.opened().policy, examples.decision(), date(2026, 6, 1))
    before, changes = case.table("features"), groups.group_last(case)
    assert {*changes} == {case.place("features")}
    after = table(changes, case.place("features"))
    assert sorted(after["female"]) == sorted(before["female"])
    pd.testing.assert_frame_equal(after.drop(columns="female"), before.drop(columns="female"))
    assert made.judge("fairness").outcome is Outcome.PASS
    made.write_table("features", after)
    made.pin()
    assert made.judge("fairness").outcome is Outcome.FAIL


def test_of_a_regression_without_a_limit_of_means_the_errors_are_dealt(tmp_path: Path) -> None:
    """The group with the largest errors is held by max_group_rmse."""
    made = build(tmp_path / "project")
    made.regression()
    made.policy(fairness={"max_mean_difference": None})
    case = Case(made.root, made.opened().policy, examples.decision(), date(2026, 6, 1))
    made.write_table("features", table(groups.group_last(case), case.place("features")))
    made.pin()
    assert made.judge("fairness").outcome is Outcome.FAIL


@pytest.mark.parametrize(("name", "ended"), [("fails", "failed"), ("skipped", "skipped")])
def test_one_must_not_break_test_ends_otherwise(case: Case, name: str, ended: str) -> None:
    """The challenger's; the other tests, and the champion's, stay as they were."""
    before = junit.read(case.root / BEHAVIOUR)
    after = junit.parse(by_name(f"a must-not-break test {name}").plant(case)[BEHAVIOUR], "planted")
    changed = [
        each
        for each in before["challenger"].cases
        if before["challenger"].cases[each] != after["challenger"].cases[each]
    ]
    assert [after["challenger"].cases[each].ended for each in changed] == [ended]
    assert after["champion"] == before["champion"]


def test_a_test_that_may_fail_is_left_alone(tmp_path: Path) -> None:
    """A waiver would keep its failure from blocking."""
    made = build(tmp_path / "project")
    made.waive("behaviour", "failed/test_behaviour.test_clear_cases[settled]", date(2026, 12, 31))
    case = Case(made.root, made.opened().policy, examples.decision(), date(2026, 6, 1))
    cases = junit.parse(by_name("a must-not-break test fails").plant(case)[BEHAVIOUR], "planted")[
        "challenger"
    ].cases
    assert [name for name, each in cases.items() if each.ended == "failed"] == ["test_behaviour.test_gender"]


def test_a_waiver_that_ended_is_for_its_own_gate_to_notice(case: Case) -> None:
    """Whichever that is; a waiver of a gate that only reports keeps nothing from blocking."""
    defect = by_name("waiver expired")
    waiver = Waiver("latency", "p99_ms", "Reviewed.", "Ada", case.today)
    late = replace(at_most("p99_ms", 300.0, 200.0), waiver=waiver)
    waived = replace(case.decision, verdicts=(Verdict("latency", "block", (late,)),))
    assert defect.expected_in(replace(case, decision=waived)) == ("latency",)
    reported = replace(case.decision, verdicts=(Verdict("latency", "report", (late,)),))
    with pytest.raises(NotApplicableError, match="waived"):
        defect.plant(replace(case, decision=reported))


def test_a_tail_leaves_the_median(case: Case, tmp_path: Path) -> None:
    """One request of forty is enough for a p99."""
    (tmp_path / "latency.json").write_bytes(timed.heavy_tail(case)[LATENCY])
    usual, slow = timings.read(case.root / LATENCY)["champion"], timings.read(tmp_path / "latency.json")
    assert np.median(slow["challenger"]) == pytest.approx(np.median(usual), rel=0.02)
    assert np.quantile(slow["challenger"], 0.99) > 5 * np.quantile(usual, 0.99)
    assert slow["champion"] == usual


def test_a_stand_in_answers_as_the_challenger_but_for_a_share(case: Case) -> None:
    """And as fast."""
    changes = rivals.stand_in(case, 0.2)
    answers = table(changes, "candidate/predictions.parquet")
    differ = (answers["challenger"] != answers["champion"]).mean()
    assert 0.15 < differ <= 0.2
    assert parse_yaml(changes["candidate/serving.json"], "serving")["champion"] == rivals.STAND_IN


@pytest.mark.parametrize("name", ["raw", "train", "features", "labels", "predictions"])
def test_a_table_that_is_written_anew_says_the_same_in_other_bytes(case: Case, name: str) -> None:
    """Or who looks at digests alone would pass the test without a defect."""
    ((place, content),) = case.written_anew(name).items()
    assert content != (case.root / place).read_bytes()
    read = pd.read_csv if place.endswith(".csv") else pd.read_parquet
    pd.testing.assert_frame_equal(read(BytesIO(content)), case.table(name))


def test_columns_are_chosen_by_what_they_hold(case: Case) -> None:
    """A measurement, and no key and no flag; a column of categories."""
    place = case.place("raw")
    before = case.table("raw")
    dropped = pd.read_csv(BytesIO(tables.column_dropped(case)[place]))
    assert {*before.columns} - {*dropped.columns} == {"total_charges"}
    unseen = pd.read_csv(BytesIO(tables.unseen_category(case)[place]))
    changed = [name for name in before if not before[name].equals(unseen[name])]
    assert changed == ["multiple_lines"]


@pytest.mark.parametrize(
    ("block", "values", "name", "why"),
    [
        ("golden", {"min_slice_auc": None}, "a single slice ruined", "declares no slice"),
        ("fairness", {"attributes": [], "mode": "report"}, "one group scored down", "names no group"),
        ("champion", {"tie": "promote"}, "as good as the champion", "champion.tie"),
        ("freshness", {"mode": "report"}, "golden set too old", "does not block"),
        ("freshness", {"max_age_days": 4_000_000}, "golden set too old", "no day is as long ago"),
        ("documentation", {"required": []}, "no owner", "asks nobody"),
    ],
)
def test_what_the_policy_does_not_ask_for_is_not_applicable(
    tmp_path: Path, block: str, values: dict[str, object], name: str, why: str
) -> None:
    """And says why."""
    made = build(tmp_path / "project")
    made.policy(**{block: values})
    case = Case(made.root, made.opened().policy, examples.decision(), date(2026, 6, 1))
    with pytest.raises(NotApplicableError, match=why):
        by_name(name).plant(case)


def test_a_first_model_has_no_champion_to_compare_with(case: Case, tmp_path: Path) -> None:
    """Without a stand-in, defects of the comparison say so."""
    made = build(tmp_path / "project")
    made.change("predictions", lambda answers: answers.drop(columns="champion"))
    alone = Case(made.root, case.policy, case.decision, case.today)
    with pytest.raises(NotApplicableError, match="no scores of a champion"):
        rivals.worse(alone)


@pytest.mark.parametrize("task", ["regression", "multiclass", "ranking"])
def test_defects_of_other_tasks(tmp_path: Path, task: str) -> None:
    """What is one of probabilities says so; all others can be planted."""
    made = build(tmp_path / "project")
    getattr(made, task)()
    made.write_document("evidence/statement.json", to_document(examples.decision()))
    case = Case(made.root, made.opened().policy, examples.decision(), date(2026, 6, 1))
    planted = {}
    for defect in defects.ALL:
        with suppress(NotApplicableError):
            planted[defect.name] = defect.plant(case)
    assert "leaked label" not in planted
    assert {"shuffled scores", "constant scores", "golden labels shuffled", "latency +50 %"} <= {*planted}
    assert len(planted) > 45


def test_the_page_lists_every_defect() -> None:
    """docs/selftest.md says what is planted, and who is to catch it."""
    page = (Path(__file__).parents[2] / "docs/selftest.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and line.count("|") == 5]
    listed = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1:]]
    assert listed == [
        [
            each.name + " `--retrain`" * each.retrains,
            each.planted,
            ", ".join(f"`{who}`" for who in each.expected),
            each.held_by,
        ]
        for each in defects.ALL
    ]
