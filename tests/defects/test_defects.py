"""Every defect is what its sentence says: it changes files, the same way each time, and nothing else."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from gates import checks, defects, timings
from gates.defects import Case, Defect, NotApplicableError, rivals, scores, tables, timed
from gates.defects.case import LATENCY
from gates.documents import parse_yaml
from gates.statement import to_document
from tests import examples
from tests.checks.project import Project, build

OTHERS = {"policy", "hand-over", "train", "judge", "promote"}
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
    after = table(scores.group_scored_down(case), "candidate/predictions.parquet")
    changed = before["challenger"].to_numpy() > after["challenger"].to_numpy()
    group = case.table("features")["female"].to_numpy()
    assert len({*group[changed]}) == 1
    assert (before["champion"] == after["champion"]).all()


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
