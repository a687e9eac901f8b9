"""Evaluate the model of the run on the test rows."""

from pathlib import Path

import mlflow
import pandas as pd

run_id = Path("run_id").read_text("utf-8")
test = pd.read_parquet("test.parquet")
with mlflow.start_run(run_id=run_id):
    result = mlflow.models.evaluate(
        f"runs:/{run_id}/model",
        test,
        targets="churn",
        model_type="classifier",
        evaluator_config={"log_model_explainability": False},  # SHAP cannot read columns of texts
    )
print({name: round(value, 4) for name, value in result.metrics.items()})
