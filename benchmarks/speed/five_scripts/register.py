"""Register the model and let it serve."""

from pathlib import Path

import mlflow
from mlflow import MlflowClient

if Path("better").read_text("utf-8") == "True":
    run_id = Path("run_id").read_text("utf-8")
    version = mlflow.register_model(f"runs:/{run_id}/model", "churn")
    MlflowClient().set_registered_model_alias("churn", "champion", version.version)
    print(f"version {version.version} serves")
