"""Any model: several classes, rankings, metrics by their names, rows that weigh more or belong together."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sklearn.metrics

from gates import metric_names
from gates.errors import InvalidError, UnavailableError
from gates.verdict import Outcome
from tests.checks.project import KINDS, Project, build, decisive, finding

if TYPE_CHECKING:
    import pandas as pd

MODELS = ("challenger", "champion")
PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED


def passing(factory: pytest.TempPathFactory, task: str) -> Project:
    """A project of a task that passes every gate; for reading only."""
    project = build(factory.mktemp(task))
    getattr(project, task)()
    project.take_metrics()
    return project


@pytest.fixture(scope="module")
def multiclass(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Of three classes."""
    return passing(tmp_path_factory, "multiclass")


@pytest.fixture(scope="module")
def ranking(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Of queries."""
    return passing(tmp_path_factory, "ranking")


def joined(project: Project) -> pd.DataFrame:
    """Labels beside answers and features."""
    rows = project.table("labels").merge(project.table("predictions"), on="row_id")
    return rows.merge(project.table("features"), on="row_id")


def only(project: Project, metric: str, also: list[str] | None = None) -> None:
    """Ask for one metric by its name, and for those that are compared as well."""
    project.policy(
        golden={"min_metrics": {metric: -9.0}, "max_metrics": None, "min_slice_metrics": None},
        champion={"metric": metric, "also": also, "slices": None},
    )


@pytest.mark.parametrize("gate", ["golden", "fairness", "champion"])
@pytest.mark.parametrize("task", ["multiclass", "ranking"])
def test_a_good_model_passes(request: pytest.FixtureRequest, task: str, gate: str) -> None:
    verdict = request.getfixturevalue(task).judge(gate)
    assert verdict.outcome is PASS, verdict.decisive
    assert verdict.inputs["task"] == task


# ---------------------------------------------------------------- several classes


def test_the_figures_of_several_classes_are_those_of_scikit_learn(multiclass: Project) -> None:
    """And the team's own is what its function says."""
    measured, rows = multiclass.judge("golden").measurements, joined(multiclass)
    p = rows[[f"challenger:{each}" for each in KINDS]].to_numpy()
    chosen = np.array(KINDS)[p.argmax(axis=1)]
    truth = rows["churn"]
    assert measured["metric/accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, chosen))
    area = sklearn.metrics.roc_auc_score(truth, p, multi_class="ovr", labels=KINDS)
    assert measured["metric/roc_auc_ovr"] == pytest.approx(area)
    one_year = (rows["contract"] == "One year").to_numpy()
    share = sklearn.metrics.accuracy_score(truth[one_year], chosen[one_year])
    assert measured["slice_metric/accuracy/contract=One year"] == pytest.approx(share)
    cost = np.where(chosen == truth, 0.0, np.where(truth == "gold", 5.0, 1.0)).mean()
    assert measured["metric/cost"] == pytest.approx(cost)
    assert measured["rows_per_class"] == truth.value_counts().min()
    for name in ("accuracy", "roc_auc_ovr", "cost"):
        low, high = (measured[f"metric/{name}/{end}"] for end in ("low", "high"))
        assert low < measured[f"metric/{name}"] < high


def test_the_interval_of_a_share_is_as_wide_as_theory_says(multiclass: Project) -> None:
    """Of the accuracy, drawn within classes: the variance of each class's share, weighted."""
    measured, rows = multiclass.judge("golden").measurements, joined(multiclass)
    p = rows[[f"challenger:{each}" for each in KINDS]].to_numpy()
    right = np.array(KINDS)[p.argmax(axis=1)] == rows["churn"]
    parts = [(rows["churn"] == each).to_numpy() for each in KINDS]
    variance = sum((part.mean() ** 2) * right[part].var() / part.sum() for part in parts)
    width = measured["metric/accuracy/high"] - measured["metric/accuracy/low"]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.12)


def test_the_champion_of_several_classes_is_compared_on_the_same_rows(multiclass: Project) -> None:
    """By the log loss, by the team's own metric as well, and on a slice; above 0 is better."""
    measured, rows = multiclass.judge("champion").measurements, joined(multiclass)
    losses = {
        model: sklearn.metrics.log_loss(
            rows["churn"], rows[[f"{model}:{each}" for each in KINDS]], labels=KINDS
        )
        for model in ("challenger", "champion")
    }
    assert measured["delta"] == pytest.approx(losses["champion"] - losses["challenger"])
    assert measured["neg_log_loss/champion"] == pytest.approx(-losses["champion"])
    assert measured["also_delta/cost"] > 0
    assert measured["also_p/cost"] > 0.99
    assert measured["slice_p/female=1"] > 0.99


def test_a_metric_that_is_surely_worse_fails(project: Project) -> None:
    """The log loss is better; what mistakes cost is not, and the policy asks for both."""
    project.multiclass()
    only(project, "neg_log_loss", also=["cost"])

    def never_gold(rows: pd.DataFrame) -> pd.DataFrame:
        """Nobody is called gold, by a hair."""
        p = rows[[f"challenger:{each}" for each in KINDS]].to_numpy(copy=True)
        p[p.argmax(axis=1) == 1] = (0.5, 0.4999, 0.0001)
        return rows.assign(**{f"challenger:{each}": p[:, place] for place, each in enumerate(KINDS)})

    project.change("predictions", never_gold)
    project.take_metrics()
    verdict = project.judge("champion")
    assert finding(verdict, "delta").outcome is PASS
    assert finding(verdict, "also_p/cost").outcome is FAIL
    assert verdict.outcome is FAIL


def test_a_class_without_golden_rows_is_undecided(project: Project) -> None:
    """Nothing is known of it, however good the others are."""
    project.multiclass()
    project.change("labels", lambda rows: rows.assign(churn=rows["churn"].replace("gold", "silver")))
    project.pin()
    only(project, "neg_log_loss")
    project.take_metrics()
    verdict = project.judge("golden")
    assert decisive(verdict) == ("rows_per_class", UNDECIDED)
    assert verdict.measurements["rows_per_class"] == 0


def test_a_class_that_the_champion_does_not_know_has_no_probability(project: Project) -> None:
    """Its columns are fewer; the comparison is made all the same."""
    project.multiclass()
    only(project, "neg_log_loss")
    bronze, silver = (f"champion:{KINDS[place]}" for place in (0, 2))
    project.change(
        "predictions",
        lambda rows: rows.assign(**{bronze: rows[bronze] + rows[silver]}).drop(columns=silver),
    )
    project.take_metrics()
    assert project.judge("champion").measurements["delta"] > 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows.assign(**{f"challenger:{KINDS[0]}": 0.9}), "do not sum to 1"),
        (lambda rows: rows.assign(**{f"challenger:{KINDS[0]}": -0.1}), "not probabilities"),
        (
            lambda rows: rows.rename(columns=lambda name: name.replace("challenger:", "")),
            "no column challenger:",
        ),
    ],
)
def test_answers_that_are_no_probabilities_are_refused(project: Project, change: object, told: str) -> None:
    project.multiclass()
    project.change("predictions", change)  # type: ignore[arg-type]  # a lambda has no type of its own
    with pytest.raises(InvalidError, match=told):
        project.judge("fairness")


def test_a_favourable_prediction_is_what_fairness_counts(multiclass: Project) -> None:
    """The rate at which each group is called gold."""
    measured, rows = multiclass.judge("fairness").measurements, joined(multiclass)
    p = rows[[f"challenger:{each}" for each in KINDS]].to_numpy()
    rates = [(p[(rows["female"] == group).to_numpy()].argmax(axis=1) == 1).mean() for group in (0, 1)]
    assert measured["disparate_impact/female"] == pytest.approx(min(rates) / max(rates))


# ---------------------------------------------------------------- rankings


def test_the_figures_of_a_ranking_are_those_of_scikit_learn(ranking: Project) -> None:
    """The mean over queries; one whose labels are all alike counts nothing."""
    measured, rows = ranking.judge("golden").measurements, joined(ranking)
    queries = [each for _, each in rows.groupby("query") if np.ptp(each["churn"]) > 0]
    for name, k in (("ndcg", None), ("ndcg@3", 3)):
        expected = np.mean(
            [sklearn.metrics.ndcg_score([each["churn"]], [each["challenger"]], k=k) for each in queries]
        )
        assert measured[f"metric/{name}"] == pytest.approx(expected)
    assert measured["queries"] == len(queries)


def test_a_ranking_without_a_query_is_refused(project: Project) -> None:
    """By the policy, with the address of what is missing."""
    project.ranking()
    project.policy(golden_set={"group": None})
    with pytest.raises(InvalidError, match=r"gates\.golden_set\.group: missing"):
        project.judge("golden")


def test_a_group_that_always_stands_last_is_seen_less(project: Project) -> None:
    """Its rows get the exposure of the lower places."""
    project.ranking()
    female = project.table("features").set_index("row_id")["female"]
    project.change(
        "predictions",
        lambda rows: rows.assign(challenger=rows["challenger"] - 20.0 * rows["row_id"].map(female)),
    )
    verdict = project.judge("fairness")
    assert decisive(verdict) == ("exposure_ratio/female", FAIL)
    places = 1 / np.log2(2 + np.arange(6))
    expected = places[3:].mean() / places[:3].mean()
    assert verdict.measurements["exposure_ratio/female"] == pytest.approx(expected)


# ---------------------------------------------------------------- metrics by their names


def test_the_names_are_those_of_the_installed_library() -> None:
    """Every scorer of a model that predicts one thing a row, and none that is not there."""
    known = {name for task in ("binary", "multiclass", "regression") for name in metric_names.SCORERS[task]}
    clusters = {name for name in sklearn.metrics.get_scorer_names() if name.endswith("_samples")}
    clusters |= {
        name for name in sklearn.metrics.get_scorer_names() if "mutual_info" in name or "rand" in name
    }
    clusters |= {
        "neg_max_error",
        "completeness_score",
        "fowlkes_mallows_score",
        "homogeneity_score",
        "v_measure_score",
    }
    assert known == {*sklearn.metrics.get_scorer_names()} - clusters


@pytest.mark.parametrize(
    ("golden", "told"),
    [
        ({"min_metrics": {"acuracy": 0.5}}, "a binary has no metric 'acuracy'; did you mean 'accuracy'"),
        ({"min_metrics": {"ndcg": 0.5}}, "a binary has no metric 'ndcg'"),
        ({"min_metrics": {"auc": 0.5}}, "'auc' has a limit of its own here"),
        ({"max_metrics": {"accuracy": 0.5}}, "of 'accuracy' the larger value is better"),
        ({"min_metrics": {"mine": 0.5}}, "of 'mine' the smaller value is better"),
        ({"min_metrics": {"f1": 0.5}, "max_metrics": {"f1": 0.9}}, "'f1' has a floor and a ceiling"),
    ],
)
def test_a_name_that_nobody_knows_is_a_mistake_of_the_policy(
    project: Project, golden: dict[str, object], told: str
) -> None:
    own = {"mine": {"function": "costs:mine", "better": "smaller"}}
    project.edit("params.yaml", lambda params: params["gates"].update(metrics=own))
    project.policy(golden=golden)
    with pytest.raises(InvalidError, match=told):
        project.judge("golden")


def test_a_metric_of_ones_own_has_a_name_of_its_own(project: Project) -> None:
    own = {"f1": {"function": "costs:mine", "better": "smaller"}}
    project.edit("params.yaml", lambda params: params["gates"].update(metrics=own))
    with pytest.raises(InvalidError, match="that is the name of another metric"):
        project.judge("golden")


MISTAKES = {
    "raises": ("raise KeyError('no such thing')", "raised KeyError"),
    "nothing": ("return None", "returned 'None', no number"),
    "nan": ("return float('nan')", "has no figure on the golden rows"),
    "ends the process": ("import os; os._exit(3)", "ended with 3"),
    "prints": ("print('hello'); return 0.5", ""),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_function_that_fails_is_told_by_its_name(project: Project, case: str) -> None:
    """Nothing that it does ends in a traceback, or in a figure; what it prints is no answer."""
    body, told = MISTAKES[case]
    (project.root / "costs.py").write_text(f"def mine(y, prediction, weight):\n    {body}\n", "utf-8")
    own = {"mine": {"function": "costs:mine", "better": "smaller"}}
    project.edit("params.yaml", lambda params: params["gates"].update(metrics=own))
    project.policy(golden={"max_metrics": {"mine": 0.6}})
    if told:
        with pytest.raises(InvalidError, match=told) as caught:
            project.take_metrics()
        assert "mine" in caught.value.what
    else:
        project.take_metrics()
        assert finding(project.judge("golden"), "metric/mine").outcome is PASS


def test_a_function_that_is_not_there_is_told(project: Project) -> None:
    own = {"mine": {"function": "nowhere.at_all:mine", "better": "smaller"}}
    project.edit("params.yaml", lambda params: params["gates"].update(metrics=own))
    project.policy(golden={"max_metrics": {"mine": 0.5}})
    with pytest.raises(InvalidError, match=r"nowhere\.at_all:mine cannot be imported"):
        project.take_metrics()


def test_figures_of_other_predictions_are_refused(project: Project) -> None:
    """What was taken belongs to the bytes that it was taken of."""
    project.multiclass()
    only(project, "neg_log_loss")
    project.take_metrics()
    project.change("predictions", lambda rows: rows.assign(row_id=rows["row_id"].to_numpy()[::-1]))
    with pytest.raises(InvalidError, match="made of other predictions, golden files or weights"):
        project.judge("golden")


def test_figures_of_another_policy_are_refused(project: Project) -> None:
    """Another direction, other weights: they are taken anew."""
    own = {"mine": {"function": "costs:mine", "better": "smaller"}}
    (project.root / "costs.py").write_text("def mine(y, p, w):\n    return w @ p / w.sum()\n", "utf-8")
    project.edit("params.yaml", lambda params: params["gates"].update(metrics=own))
    project.policy(champion={"metric": "mine"})
    project.take_metrics()
    assert project.judge("champion").measurements["delta"]
    project.policy(golden_set={"class_weights": ["0=1", "1=2"]})
    with pytest.raises(InvalidError, match="other predictions, golden files or weights"):
        project.judge("champion")
    project.policy(golden_set={"class_weights": None}, metrics={"mine": {**own["mine"], "better": "larger"}})
    with pytest.raises(InvalidError, match="taken under another policy"):
        project.judge("champion")


def test_a_score_of_a_half_is_what_scikit_learn_says(project: Project) -> None:
    """The first class."""
    project.change("predictions", lambda rows: rows.assign(challenger=rows["challenger"].round(1)))
    project.policy(golden={"min_metrics": {"recall": 0.1}})
    project.take_metrics(sys.executable)  # an interpreter that has imported nothing takes them, too
    rows = joined(project)
    recall = sklearn.metrics.recall_score(rows["churn"], rows["challenger"] > 0.5)
    assert (rows["challenger"] == 0.5).any()
    assert project.judge("golden").measurements["metric/recall"] == pytest.approx(recall)


def test_too_few_rows_for_a_metric_are_undecided(project: Project) -> None:
    """One class alone has no accuracy within classes; that is no mistake of anybody."""
    project.change("labels", lambda rows: rows.assign(churn=1))
    project.pin()
    project.policy(golden={"min_metrics": {"accuracy": 0.1}, "min_slice_auc": None})
    project.take_metrics()
    assert project.judge("golden").outcome is UNDECIDED


def test_one_that_takes_too_long_is_unavailable(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and its name is told."""
    monkeypatch.setattr("gates.adapters.scorer.PATIENCE_S", 0.01)
    project.policy(golden={"min_metrics": {"f1": 0.1}})
    with pytest.raises(UnavailableError, match="longer than"):
        project.take_metrics()


# ---------------------------------------------------------------- rows that weigh more, or belong together


def test_rows_weigh_what_the_policy_says(project: Project) -> None:
    """Its own weight times that of its class, in every figure; rows that weigh nothing count nothing."""
    rng = np.random.default_rng(3)
    weights = rng.integers(0, 4, len(project.table("features"))).astype("float64")
    project.change("features", lambda rows: rows.assign(importance=weights))
    project.pin()
    project.policy(golden_set={"weight": "importance", "class_weights": ["0=1", "1=2.5"]})
    measured, rows = project.judge("golden").measurements, joined(project)
    each = rows["importance"] * np.where(rows["churn"] == 1, 2.5, 1.0)
    truth, p = rows["churn"], rows["challenger"]
    assert measured["auc"] == pytest.approx(sklearn.metrics.roc_auc_score(truth, p, sample_weight=each))
    assert measured["brier"] == pytest.approx(sklearn.metrics.brier_score_loss(truth, p, sample_weight=each))
    loss = sklearn.metrics.log_loss(truth, p, sample_weight=each)
    assert measured["log_loss"] == pytest.approx(loss, rel=1e-6)
    assert measured["auc/low"] < measured["auc"] < measured["auc/high"]
    for label in (0, 1):  # as many rows that weigh alike say as much
        of_class = each[truth == label]
        assert measured[f"rows/{label}"] == pytest.approx(of_class.sum() ** 2 / (of_class**2).sum())
    delta = project.judge("champion").measurements["delta"]
    areas = [sklearn.metrics.roc_auc_score(truth, rows[model], sample_weight=each) for model in MODELS]
    assert delta == pytest.approx(areas[0] - areas[1])


@pytest.mark.parametrize(
    ("golden_set", "told"),
    [
        ({"class_weights": ["0=1"]}, "names no weight of class '1'"),
        ({"class_weights": ["0=0", "1=0"]}, "sum to 0"),
        ({"weight": "contract"}, "are no finite numbers of at least 0"),
        ({"weight": "nowhere"}, "no column 'nowhere'"),
        ({"group": "nowhere"}, "no column 'nowhere'"),
        ({"group": "churn"}, r"gates\.golden_set\.group: that is the label or the key"),
        ({"class_weights": ["0:1"]}, "class=weight"),
        ({"class_weights": ["0=1", "1=2", "1=9"]}, "weighs the class '1' twice"),
        ({"class_weights": ["0=1", "1=2", "typo=7"]}, "'typo', which no golden row has"),
    ],
)
def test_weights_that_are_none_are_refused(
    project: Project, golden_set: dict[str, object], told: str
) -> None:
    project.policy(golden_set=golden_set)
    with pytest.raises(InvalidError, match=told):
        project.judge("golden")


def test_rows_that_belong_together_say_less(project: Project) -> None:
    """Each customer stands there four times: the interval is that of the customers, twice as wide."""
    single = project.judge("golden").measurements

    def four_times(rows: pd.DataFrame) -> pd.DataFrame:
        copies = [rows.assign(row_id=rows["row_id"] + 100_000 * place) for place in range(4)]
        return type(rows)(np.concatenate([each.to_numpy() for each in copies]), columns=rows.columns).astype(
            rows.dtypes.to_dict()
        )

    customers = project.table("features")["row_id"]
    project.change("features", lambda rows: rows.assign(customer=customers))
    for name in ("features", "labels", "predictions"):
        project.change(name, four_times)
    project.pin()
    alone = project.judge("golden").measurements
    project.policy(golden_set={"group": "customer"})
    together = project.judge("golden").measurements

    def width(measured: dict[str, float]) -> float:
        return measured["auc/high"] - measured["auc/low"]

    assert together["auc"] == pytest.approx(single["auc"])
    assert width(dict(alone)) == pytest.approx(width(dict(single)) / 2, rel=0.1)
    assert width(dict(together)) == pytest.approx(width(dict(single)), rel=0.1)
    assert together["groups"] == len(customers)
    delta = project.judge("champion").measurements
    project.policy(golden_set={"group": None})
    of_rows = project.judge("champion").measurements
    assert delta["delta/high"] - delta["delta/low"] > 1.7 * (of_rows["delta/high"] - of_rows["delta/low"])


def test_few_groups_decide_nothing(project: Project) -> None:
    """However many rows they have; of one group there is no interval at all."""
    keys = project.table("features")["row_id"]
    for groups in (1, 12):
        customers = keys % groups
        project.change("features", lambda rows: rows.assign(customer=customers))  # noqa: B023 - called here
        project.pin()
        project.policy(golden_set={"group": "customer"})
        for gate in ("golden", "champion"):
            verdict = project.judge(gate)
            assert verdict.outcome is UNDECIDED
            assert finding(verdict, "groups").outcome is UNDECIDED
    assert finding(project.judge("golden"), "auc").outcome is PASS


def test_rows_that_weigh_nothing_are_no_evidence(project: Project) -> None:
    """Of 600 rows 24 count."""
    project.change("features", lambda rows: rows.assign(w=(np.arange(len(rows)) % 25 == 0).astype(float)))
    project.pin()
    project.policy(golden_set={"weight": "w"}, golden={"min_slice_auc": None})
    verdict = project.judge("golden")
    assert finding(verdict, "rows/0").outcome is UNDECIDED
    assert verdict.outcome is not PASS
