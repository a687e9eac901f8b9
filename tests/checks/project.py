"""A small project on disk that passes every gate, and the ways to change it."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import yaml

from gates import human_parts, junit
from gates.adapters.console import Screen
from gates.digest import canonical_json
from gates.junit import Case, Suite
from gates.run import gate, named_metrics
from gates.run.project import Project as Opened
from gates.verdict_document import to_document
from tests import warm

if TYPE_CHECKING:
    from collections.abc import Callable

    from gates.verdict import Finding, Outcome, Verdict

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 6, 1)
COMMIT = "5" * 40
GATES = (
    "schema",
    "lineage",
    "golden",
    "latency",
    "fairness",
    "champion",
    "behaviour",
    "documentation",
    "freshness",
    "drift",
    "canary",
)
KINDS = ("bronze", "gold", "silver")
GOLDEN_ROWS = 600
TRAIN_ROWS = 400
NEW_ROWS = 60
LIVE_ROWS = 300
FILES = {
    "raw": "data/raw/churn.csv",
    "train": "data/train.parquet",
    "features": "data/golden/features.parquet",
    "labels": "data/golden/labels.parquet",
    "predictions": "candidate/predictions.parquet",
    "reference": "data/train.parquet",
    "live": "data/live.parquet",
    "traffic": "candidate/traffic.csv",
    "junit": "candidate/behaviour.xml",
    "card": human_parts.NAME,
}
BEHAVIOUR = Suite(
    {
        "test_behaviour.test_gender": Case("passed", "invariance"),
        "test_behaviour.test_tenure": Case("passed", "direction"),
        "test_behaviour.test_clear_cases[settled]": Case("passed", "minimum_functionality"),
    }
)


@dataclass(frozen=True)
class Project:
    """A project's folder; every method writes there what a user, a job or an intruder would."""

    root: Path

    def path(self, name: str) -> Path:
        """Where a file lies: by its name as a gate's input, or relative to the project."""
        return self.root / FILES.get(name, name)

    def table(self, name: str) -> pd.DataFrame:
        """Read a table."""
        path = self.path(name)
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table where its gate looks for it."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".csv":
            table.to_csv(path, index=False)
        else:
            table.to_parquet(path, index=False)

    def change(self, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        """Replace a table by what a function makes of it."""
        self.write_table(name, change(self.table(name)))

    def document(self, name: str) -> dict[str, Any]:
        """Read a JSON or YAML file."""
        text = self.path(name).read_text("utf-8")
        return dict(json.loads(text) if name.endswith(".json") else yaml.safe_load(text))

    def write_document(self, name: str, document: object) -> None:
        """Write a JSON or YAML file."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        as_json = name.endswith(".json")
        path.write_text(json.dumps(document) if as_json else yaml.safe_dump(document), "utf-8")

    def write_behaviour(self, **suites: Suite) -> None:
        """Write how the team's tests ended, as the predict job hands it on."""
        self.path("junit").write_bytes(junit.write(suites))

    def edit(self, name: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Let a function change a JSON or YAML file in place."""
        document = self.document(name)
        change(document)
        self.write_document(name, document)

    def policy(self, **blocks: dict[str, Any]) -> None:
        """Change values of the policy, block by block; None takes a value out."""

        def change(params: dict[str, Any]) -> None:
            for block, values in blocks.items():
                merged = params["gates"].setdefault(block, {}) | values
                params["gates"][block] = {key: value for key, value in merged.items() if value is not None}

        self.edit("params.yaml", change)

    def regression(self) -> None:
        """Make the task a regression: labels and scores of a unit of their own, and its policy."""
        rng = np.random.default_rng(23)
        rows = len(self.table("labels"))
        charge = np.round(rng.normal(150, 75, rows), 1)
        answers = {"challenger": rng.normal(0, 30, rows), "champion": rng.normal(0, 40, rows)}
        self.change("labels", lambda labels: labels.assign(churn=charge))
        keys = self.table("labels")["row_id"]
        self.write_table(
            "predictions",
            pd.DataFrame({"row_id": keys, **{name: charge + noise for name, noise in answers.items()}}),
        )
        self.edit("params.yaml", lambda params: params["gates"].update(task="regression", **REGRESSION))
        self.pin()

    def multiclass(self) -> None:
        """Make the task one of three classes: labels as text, a probability for each, and its policy."""
        rng = np.random.default_rng(25)
        rows = len(self.table("labels"))
        truth = rng.integers(0, 3, rows)
        scores = {
            f"{model}:{name}": column
            for model, skill in (("challenger", 3.0), ("champion", 1.5))
            for name, column in zip(KINDS, _probabilities(truth, skill, rng).T, strict=True)
        }
        self.change("labels", lambda labels: labels.assign(churn=np.array(KINDS)[truth]))
        self._answer("multiclass", MULTICLASS, scores)
        (self.root / "costs.py").write_text(COSTS, "utf-8")

    def ranking(self) -> None:
        """Make the task a ranking: queries of six rows, labels of 0 to 3, and its policy."""
        rng = np.random.default_rng(26)
        rows = len(self.table("labels"))
        relevance = rng.integers(0, 4, rows)
        self.change("features", lambda features: features.assign(query=np.arange(rows) // 6))
        self.change("labels", lambda labels: labels.assign(churn=relevance))
        noise = {"challenger": 0.8, "champion": 2.0}
        scores = {model: relevance + rng.normal(0, each, rows) for model, each in noise.items()}
        self._answer("ranking", RANKING, scores)
        self.policy(golden_set={"group": "query"})

    def _answer(self, task: str, policy: dict[str, Any], scores: dict[str, Any]) -> None:
        keys = self.table("labels")["row_id"]
        self.write_table("predictions", pd.DataFrame({"row_id": keys, **scores}))
        self.edit("params.yaml", lambda params: params["gates"].update(task=task, **policy))
        self.pin()

    def take_metrics(self, python: str = "") -> None:
        """Take the figures that the policy asks for by name, as the judge job does before it judges.

        The process that takes them is started at once, unless a Python is given that starts it.
        """
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "executable", python or str(warm.programs() / "python"))
            self.write_document("candidate/metrics.json", named_metrics.taken(self.opened()))

    def waive(self, gate: str, finding: str, expires: date) -> None:
        """Write the one waiver of the policy."""
        waiver = {
            "gate": gate,
            "finding": finding,
            "reason": "Reviewed: the offer is a benefit.",
            "owner": "retention team",
            "expires": expires.isoformat(),
        }
        self.edit("params.yaml", lambda params: params["gates"].update(waivers=[waiver]))

    def pin(self) -> None:
        """Pin the golden files as they are now."""
        self.policy(golden_set={f"{name}_sha256": sha256(self.path(name)) for name in ("features", "labels")})

    def lock(self) -> None:
        """Write dvc.lock, and what the train job handed on, for the files and stages as they are now."""
        stages = self.document("dvc.yaml")["stages"]
        self.write_document(
            "dvc.lock", {"schema": "2.0", "stages": {n: self._locked(stages[n]) for n in stages}}
        )
        self.record()

    def record(self) -> None:
        """Write the facts about the training and its run for the files as they are now."""
        train = {
            "run_id": "run-1",
            "data_sha256": sha256(self.path("raw")),
            "data_md5": md5(self.path("raw")),
            "remote": ".bucket",
            "model_sha": "a" * 64,
            "lock_sha256": sha256(self.path("dvc.lock")),
            "train_sha256": sha256(self.path("train")),
        }
        tags = {
            "git_commit": COMMIT,
            "git_dirty": "false",
            "dvc_data_md5": train["data_md5"],
            "data_sha256": train["data_sha256"],
            "dvc_remote": train["remote"],
            "model_sha": train["model_sha"],
            "train_rows": str(len(self.table("train"))),
            "train_range": '{"tenure":[13.0,72.0]}',
        }
        self.write_document("candidate/train.json", train)
        self.write_document("candidate/run.json", {"run_id": "run-1", "status": "FINISHED", "tags": tags})

    def judge(self, name: str, **given: Any) -> Verdict:  # noqa: ANN401 - whatever the gate's inputs are
        """Run one gate as the command does."""
        return gate.judge(self.opened(), name, given, TODAY)

    def opened(self) -> Opened:
        """Open it as a command does."""
        return Opened(self.root, self.root / "gates.log", Screen())

    def bytes(self, name: str) -> bytes:
        """Give the bytes of one gate's verdict."""
        return canonical_json(to_document(self.judge(name)))

    def _locked(self, stage: dict[str, Any]) -> dict[str, Any]:
        params = self.document("params.yaml")
        read = {
            key: functools.reduce(lambda node, step: node[step], key.split("."), params)
            for key in stage["params"]
        }
        files = {
            kind: [{"path": path, "hash": "md5", "md5": dvc_md5(self.root / path)} for path in sorted(paths)]
            for kind, paths in (("deps", stage["deps"]), ("outs", stage["outs"] + stage.get("metrics", [])))
        }
        return {"cmd": stage["cmd"], **files, "params": {"params.yaml": read}}


def build(root: Path, order: int | None = None) -> Project:
    """Write a project that passes every gate; `order` deals the rows of every file anew."""
    project = Project(root)
    shutil.copytree(ROOT / "contracts", root / "contracts")
    for place, (name, table) in enumerate(tables().items()):
        shuffled = (
            table
            if order is None
            else table.sample(frac=1, random_state=np.random.default_rng([order, place]))
        )
        project.write_table(name, shuffled)
    for script in ("ingest", "split", "train"):
        path = root / f"scripts/{script}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"print('{script}')\n", "utf-8")
    project.write_document("models/churn/signature.json", {"inputs": []})
    (root / "models/churn/model.skops").write_bytes(b"a model")
    project.write_document("metrics/training.json", {"final": {"auc": 0.9}})
    project.write_document("params.yaml", PARAMS)
    project.write_document("dvc.yaml", PIPELINE)
    project.pin()
    project.lock()
    project.write_document(
        "candidate/git.json", {"commit": COMMIT, "known": True, "dirty": [], "contains": [COMMIT]}
    )
    project.write_document(
        "candidate/serving.json", {"champion": {"seq": 1, "sha256": "b" * 64}, "rolled_back": False}
    )
    project.write_document(
        "candidate/latency.json", latency(challenger=seconds(0.010), champion=seconds(0.012))
    )
    project.write_behaviour(challenger=BEHAVIOUR, champion=BEHAVIOUR)
    project.write_document(human_parts.NAME, {"intended_use": "Calls.", "owner": "Ada", "limits": "Old."})
    return project


@functools.cache
def tables() -> dict[str, pd.DataFrame]:
    """Make the tables, every figure of which is comfortably inside the limits of `PARAMS`."""
    customers = _customers(GOLDEN_ROWS + TRAIN_ROWS + NEW_ROWS)
    clean = customers.rename(columns={"rownames": "row_id"}).assign(
        churn=(customers["churn"] == "Yes").astype("int64"),
        total_charges=customers["total_charges"].fillna(0.0),
    )
    known = clean[clean["tenure"] > 12]
    golden, train = known.head(GOLDEN_ROWS).copy(), known.iloc[GOLDEN_ROWS:]
    scores = _scores(golden)
    asked = known.sample(LIVE_ROWS, random_state=24).drop(columns="churn")
    golden["churn"] = scores.pop("churn")
    return {
        "raw": customers,
        "train": train,
        "features": golden.drop(columns="churn"),
        "labels": golden[["row_id", "churn"]],
        "predictions": scores,
        "live": asked,
        "traffic": _traffic(),
    }


def _customers(rows: int) -> pd.DataFrame:
    """Draw customers that keep the raw contract; the last ones are new and have no total yet."""
    rng = np.random.default_rng(20)
    line = rng.choice(["No", "Yes", "No internet service"], (rows, 6))
    tenure = np.where(
        np.arange(rows) < rows - NEW_ROWS, rng.integers(13, 73, rows), rng.integers(0, 13, rows)
    )
    monthly = np.round(rng.uniform(18, 118, rows), 2)
    table = {
        "rownames": np.arange(1, rows + 1),
        "churn": rng.choice(["No", "Yes"], rows),
        "female": np.arange(rows) % 2,
        "senior_citizen": rng.integers(0, 2, rows),
        "partner": rng.integers(0, 2, rows),
        "dependents": rng.integers(0, 2, rows),
        "tenure": tenure,
        "phone_service": rng.integers(0, 2, rows),
        "multiple_lines": rng.choice(["No", "Yes", "No phone service"], rows),
        "internet_service": rng.choice(["DSL", "Fiber optic", "No"], rows),
        **{name: line[:, place] for place, name in enumerate(SERVICES)},
        "contract": rng.choice(["Month-to-month", "One year", "Two year"], rows),
        "paperless_billing": rng.integers(0, 2, rows),
        "payment_method": rng.choice(["Electronic check", "Mailed check"], rows),
        "monthly_charges": monthly,
        "total_charges": np.where(tenure == 0, np.nan, np.round(monthly * tenure, 2)),
    }
    return pd.DataFrame(table)


def _scores(golden: pd.DataFrame) -> pd.DataFrame:
    """Draw labels with the challenger's scores as their probabilities; the champion is noisier.

    The scores are dealt in pairs, one to each value of `female`, so that both groups are treated alike.
    """
    rng = np.random.default_rng(21)
    rows = len(golden)
    challenger = np.round(np.repeat(rng.beta(0.5, 0.5, rows // 2), 2), 6)
    champion = np.clip(challenger + rng.normal(0, 0.4, rows), 0.001, 0.999)
    drawn = np.repeat(rng.random(rows // 2), 2) < challenger
    columns = {"challenger": challenger, "champion": champion, "churn": drawn.astype("int64")}
    return pd.DataFrame({"row_id": golden["row_id"].to_numpy(), **columns})


def _probabilities(truth: np.ndarray, skill: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the probabilities of three classes by a model of some skill."""
    shown = rng.normal(size=(len(truth), len(KINDS)))
    shown[np.arange(len(truth)), truth] += skill
    grown = np.exp(shown)
    shares: np.ndarray = grown / grown.sum(axis=1, keepdims=True)
    return shares


def _traffic(blocks: int = 60) -> pd.DataFrame:
    """Draw an hour of a canary that answers as stable does."""
    rng = np.random.default_rng(24)
    arms = []
    for arm, about in (("stable", 900), ("canary", 300)):
        requests = rng.poisson(about, blocks)
        shares = {"errors": 0.01, "slow": 0.02, "conversions": 0.3}
        events = {name: rng.binomial(requests, share) for name, share in shares.items()}
        arms.append(pd.DataFrame({"block": np.arange(blocks), "arm": arm, "requests": requests, **events}))
    return pd.concat(arms, ignore_index=True)


def latency(**models: list[float]) -> dict[str, Any]:
    """Make the JSON of pytest-benchmark, as the predict job hands it on."""
    return {
        "benchmarks": [
            {"name": f"test_one_request[{name}]", "extra_info": {"turns": [name]}, "stats": {"data": data}}
            for name, data in models.items()
        ]
    }


def seconds(about: float, requests: int = 1_000) -> list[float]:
    """Draw durations of requests around a number of seconds."""
    drawn = np.random.default_rng(22).lognormal(np.log(about), 0.1, requests)
    return [float(value) for value in drawn]


def finding(verdict: Verdict, name: str) -> Finding:
    """Give the one finding of that name."""
    (found,) = [each for each in verdict.findings if each.name == name]
    return found


def decisive(verdict: Verdict) -> tuple[str, Outcome]:
    """Give the name and outcome of the finding that decided."""
    assert verdict.decisive is not None
    return verdict.decisive.name, verdict.decisive.outcome


def sha256(path: Path) -> str:
    """Give the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def md5(path: Path) -> str:
    """Give the MD5 of a file."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def dvc_md5(path: Path) -> str:
    """Give what DVC writes for a file or a flat folder; `test_lineage` compares with a real DVC."""
    if path.is_file():
        return md5(path)
    listed = [{"md5": md5(file), "relpath": file.name} for file in sorted(path.iterdir())]
    return hashlib.md5(json.dumps(listed).encode(), usedforsecurity=False).hexdigest() + ".dir"


SERVICES = (
    "online_security",
    "online_backup",
    "device_protection",
    "tech_support",
    "streaming_tv",
    "streaming_movies",
)
PIPELINE: dict[str, Any] = {
    "stages": {
        "ingest": {
            "cmd": "python scripts/ingest.py",
            "deps": ["data/raw/churn.csv", "scripts/ingest.py"],
            "params": ["ingest.missing_total_charges"],
            "outs": ["data/golden"],
        },
        "train": {
            "cmd": "python scripts/train.py",
            "deps": ["data/train.parquet", "scripts/train.py"],
            "params": ["train.seed", "train.learning_rate"],
            "outs": ["models/churn"],
            "metrics": ["metrics/training.json"],
        },
    }
}
REGRESSION: dict[str, Any] = {
    "golden": {
        "max_rmse": 40.0,
        "max_mae": 30.0,
        "min_r2": 0.7,
        "max_slice_rmse": {"contract=One year": 40.0, "female=1": 40.0},
    },
    "fairness": {"attributes": ["female"], "max_group_rmse": 40.0, "max_mean_difference": 20.0},
    "champion": {"min_delta": 2.0, "first_model": "floor"},
}
MULTICLASS: dict[str, Any] = {
    "metrics": {"cost": {"function": "costs:of_a_mistake", "better": "smaller"}},
    "golden": {
        "min_metrics": {"accuracy": 0.7, "roc_auc_ovr": 0.8},
        "max_metrics": {"cost": 1.0},
        "min_slice_metrics": {"accuracy": {"contract=One year": 0.6}},
    },
    "fairness": {"attributes": ["female"], "favourable": ["gold"], "min_disparate_impact": 0.6},
    "champion": {"min_delta": 0.0, "also": ["cost"], "slices": ["female=1"], "first_model": "floor"},
}
RANKING: dict[str, Any] = {
    "golden": {"min_metrics": {"ndcg": 0.7, "ndcg@3": 0.6}, "min_queries": 80},
    "fairness": {"attributes": ["female"]},
    "champion": {"min_queries": 80, "first_model": "floor"},
}
COSTS = """
def of_a_mistake(y, prediction, weight):
    gold = y == "gold"
    chosen = prediction[["bronze", "gold", "silver"]].to_numpy().argmax(axis=1)
    return weight @ ((chosen != gold + 2 * (y == "silver")) * (1.0 + 4.0 * gold)) / weight.sum()
"""
PARAMS: dict[str, Any] = {
    "ingest": {"missing_total_charges": 0.0},
    "train": {"seed": 20, "learning_rate": 0.1},
    "gates": {
        "version": 1,
        "model": "churn",
        "trusted_types": [],
        "data": {"raw": FILES["raw"], "train": FILES["train"], "key": "row_id", "label": "churn"},
        "golden_set": {
            "version": "v1",
            "made": "2026-05-01",
            "features": FILES["features"],
            "features_sha256": "0" * 64,
            "labels": FILES["labels"],
            "labels_sha256": "0" * 64,
        },
        "training": {"model": "models/churn", "metrics": "metrics/training.json"},
        "schema": {f"{table}_contract": f"contracts/{table}.yaml" for table in ("raw", "train", "golden")},
        "lineage": {},
        "golden": {
            "min_auc": 0.8,
            "min_average_precision": 0.8,
            "max_brier": 0.2,
            "max_log_loss": 0.6,
            "max_calibration_error": 0.15,
            "min_slice_auc": {"contract=One year": 0.8, "female=1": 0.8},
        },
        "latency": {"p99_ms": 50.0},
        "fairness": {
            "attributes": ["female"],
            "min_disparate_impact": 0.8,
            "max_demographic_parity": 0.1,
            "max_equalized_odds": 0.1,
        },
        "champion": {"min_delta": 0.005, "first_model": "floor"},
        "behaviour": {"required": ["direction", "test_behaviour.test_clear_cases"]},
        "documentation": {},
        "freshness": {
            "mode": "block",
            "live": FILES["live"],
            "min_rows": 200,
            "max_age_days": 40_000,  # some of these projects are judged today
        },
        "drift": {"reference": FILES["reference"], "live": FILES["live"], "min_rows": 200},
        "canary": {"max_error_increase": 0.01, "max_slow_increase": 0.02, "max_conversion_loss": 0.1},
    },
}
