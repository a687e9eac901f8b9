"""Stage `train`: gradient boosting on the training rows, with its validation curve.

To bring a model of one's own, replace `build` and `curve`; the files that leave the stage stay the same:
`models/churn/model.skops` answers requests, `models/churn/signature.json` says what a request looks like,
`metrics/training.json` says how the training went, and how important each column is, so that the gate `drift`
can pass over those that the model does not look at.
"""

from __future__ import annotations

import json
import re
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile, ZipInfo

import stage

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from sklearn.pipeline import Pipeline

MODEL = Path("models/churn")
METRICS = Path("metrics/training.json")
DIGITS = 6
PARAMS = {
    "seed": (int, 0, 2**31),
    "n_estimators": (int, 1, 5_000),
    "learning_rate": (float, 0.0001, 1),
    "max_depth": (int, 1, 16),
    "min_samples_leaf": (int, 1, 1_000_000),
    "subsample": (float, 0.05, 1),
    "report_every": (int, 1, 5_000),
}


def build(features: pd.DataFrame, params: dict[str, Any]) -> Pipeline:
    """Make the untrained model: categories one-hot, gaps filled with the median, then boosted trees."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder

    numbers = list(features.select_dtypes("number").columns)
    words = [column for column in features.columns if column not in numbers]
    encode = ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median"), numbers),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        ]
    )
    boost = GradientBoostingClassifier(
        n_estimators=params["n_estimators"],
        learning_rate=params["learning_rate"],
        max_depth=params["max_depth"],
        min_samples_leaf=params["min_samples_leaf"],
        subsample=params["subsample"],
        random_state=params["seed"],
    )
    return Pipeline([("encode", encode), ("boost", boost)])


def curve(model: Pipeline, features: pd.DataFrame, labels: pd.Series, every: int) -> list[dict[str, Any]]:
    """Score the validation rows after every so many trees, and after the last.

    Returns:
        One record a point: `step`, the number of trees, and its `metrics`.
    """
    encoded = model["encode"].transform(features)
    staged = list(model["boost"].staged_predict_proba(encoded))
    steps = sorted({*range(every, len(staged) + 1, every), len(staged)})
    return [{"step": step, "metrics": score(labels, staged[step - 1][:, 1])} for step in steps]


def score(labels: pd.Series, churn: np.ndarray) -> dict[str, float]:
    """Give the validation metrics of one column of probabilities, rounded."""
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    return {
        "auc": round(float(roc_auc_score(labels, churn)), DIGITS),
        "average_precision": round(float(average_precision_score(labels, churn)), DIGITS),
        "brier": round(float(brier_score_loss(labels, churn)), DIGITS),
        "log_loss": round(float(log_loss(labels, churn)), DIGITS),
    }


def importance(model: Pipeline, columns: list[str]) -> dict[str, float]:
    """Give each column's share of what the trees have gained; the categories of a column count together.

    It tells what the model looks at: of two columns that say the same, one may get all.
    """
    encode, gained = model["encode"], model["boost"].feature_importances_
    numbers = list(encode.named_transformers_["numbers"].get_feature_names_out())  # without columns of gaps
    words = zip(encode.transformers_[1][2], encode.named_transformers_["words"].categories_, strict=True)
    of = numbers + [column for column, kinds in words for _ in kinds]
    shares = dict.fromkeys(columns, 0.0)
    for column, gain in zip(of, gained.tolist(), strict=True):
        shares[column] += gain
    return {column: round(share, DIGITS) for column, share in shares.items()}


def signature(features: pd.DataFrame) -> dict[str, Any]:
    """Describe a request and its answer in MLflow's form."""
    types = {"i": "long", "f": "double"}
    inputs = [
        {"name": name, "type": types.get(features[name].dtype.kind, "string"), "required": True}
        for name in features.columns
    ]
    answer = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}
    return {"inputs": inputs, "outputs": [answer]}


def model_bytes(model: Pipeline) -> bytes:
    """Serialise with skops so that the same model gives the same bytes.

    skops names objects by their address in memory and stamps each file of the zip with the time. Both are
    replaced: addresses by the order of their first appearance, times by the zip format's earliest.
    """
    import skops.io

    source = ZipFile(BytesIO(skops.io.dumps(model)))
    schema = source.read("schema.json").decode()
    numbers: dict[str, str] = {}

    def renumber(match: re.Match[str]) -> str:
        return match[1] + numbers.setdefault(match[2], str(len(numbers) + 1))

    schema = re.sub(r'("__id__": |"file": ")(\d+)', renumber, schema)
    target = BytesIO()
    with ZipFile(target, "w") as archive:  # not compressed: zlib's bytes differ between its versions
        for name in source.namelist():
            number, suffix = name.split(".")
            info = ZipInfo(f"{numbers.get(number, number)}.{suffix}", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(info, schema if name == "schema.json" else source.read(name))
    return target.getvalue()


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write JSON in one fixed form: sorted keys, no spaces, a line's end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n", encoding="utf-8")


def main() -> None:
    """Train, score the validation rows, write model, signature and metrics."""
    params = stage.params("train", PARAMS)
    tables = {name: stage.read(f"data/{name}.parquet") for name in ("train", "validation")}
    for name, table in tables.items():
        stage.require(table, [stage.KEY, stage.LABEL], f"data/{name}.parquet")
        if set(table[stage.LABEL]) != {0, 1}:
            raise stage.MistakeError(f"data/{name}.parquet must hold both classes of {stage.LABEL}.")
    labels = {name: table[stage.LABEL] for name, table in tables.items()}
    features = {name: table.drop(columns=[stage.KEY, stage.LABEL]) for name, table in tables.items()}
    model = build(features["train"], params).fit(features["train"], labels["train"])
    staged = curve(model, features["validation"], labels["validation"], params["report_every"])
    rows = {name: {"total": len(column), "churned": int(column.sum())} for name, column in labels.items()}
    MODEL.mkdir(parents=True, exist_ok=True)
    (MODEL / "model.skops").write_bytes(model_bytes(model))
    write_json(MODEL / "signature.json", signature(features["train"]))
    shares = importance(model, list(features["train"].columns))
    told = {"staged": staged, "final": staged[-1]["metrics"], "rows": rows, "importance": shares}
    write_json(METRICS, told)


if __name__ == "__main__":
    sys.exit(stage.run(main))
