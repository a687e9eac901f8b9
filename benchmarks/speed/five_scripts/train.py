"""Train, and log the run: parameters, metrics, model."""

from pathlib import Path

import mlflow
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

PARAMS = {
    "n_estimators": 30,
    "learning_rate": 0.1,
    "max_depth": 1,
    "min_samples_leaf": 20,
    "random_state": 20,
}

mlflow.set_experiment("churn")
rows = pd.read_parquet("train.parquet")
features, labels = rows.drop(columns="churn"), rows["churn"]
words = list(features.select_dtypes(exclude="number").columns)
encode = ColumnTransformer(
    [("words", OneHotEncoder(handle_unknown="ignore"), words)], remainder="passthrough"
)
with mlflow.start_run() as run:
    model = Pipeline([("encode", encode), ("boost", GradientBoostingClassifier(**PARAMS))])
    model.fit(features, labels)
    mlflow.log_params(PARAMS)
    mlflow.log_metric("train_accuracy", model.score(features, labels))
    mlflow.sklearn.log_model(model, name="model", serialization_format="cloudpickle")
Path("run_id").write_text(run.info.run_id, "utf-8")
