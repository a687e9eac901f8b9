"""Stage `fit`: ridge regression of the disease's progression, with its error in cross-validation."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import skops.io
import yaml
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

KEY, LABEL = "patient", "progression"
MODEL, METRICS = Path("models/progression"), Path("metrics/training.json")


def same_bytes(model: "BaseEstimator") -> bytes:
    """Serialise so that the same model gives the same bytes, and so the same SHA.

    skops names objects by their address in memory, and a zip holds the time: both are replaced.
    """
    source = zipfile.ZipFile(io.BytesIO(skops.io.dumps(model)))
    schema, numbers = source.read("schema.json").decode(), {}
    for address in re.findall(r'"(?:__id__": |file": ")(\d+)', schema):
        numbers.setdefault(address, str(len(numbers) + 1))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            stem, _, suffix = name.partition(".")
            content = source.read(name)
            if name == "schema.json":
                pattern = r'("__id__": |"file": ")(\d+)'
                content = re.sub(pattern, lambda found: found[1] + numbers[found[2]], schema).encode()
            archive.writestr(zipfile.ZipInfo(f"{numbers.get(stem, stem)}.{suffix}"), content)
    return target.getvalue()


def main() -> None:
    """Fit, and write the model, what a request looks like, and how the training went."""
    params = yaml.safe_load(Path("params.yaml").read_text("utf-8"))["fit"]
    table = pd.read_parquet("data/train.parquet")
    features, label = table.drop(columns=[KEY, LABEL]), table[LABEL]
    model = make_pipeline(StandardScaler(), Ridge(alpha=params["alpha"]))
    errors = -cross_val_score(model, features, label, cv=5, scoring="neg_root_mean_squared_error")
    model.fit(features, label)
    kinds = {"i": "long", "f": "double"}
    inputs = [
        {"name": name, "type": kinds[kind.kind], "required": True} for name, kind in features.dtypes.items()
    ]
    answer = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}
    MODEL.mkdir(parents=True, exist_ok=True)
    METRICS.parent.mkdir(exist_ok=True)
    (MODEL / "model.skops").write_bytes(same_bytes(model))
    (MODEL / "signature.json").write_text(json.dumps({"inputs": inputs, "outputs": [answer]}), "utf-8")
    staged = [{"step": 1, "metrics": {"cross_validated_rmse": round(float(errors.mean()), 6)}}]
    METRICS.write_text(json.dumps({"staged": staged}), "utf-8")


if __name__ == "__main__":
    main()
