"""Is it better than what serves now?"""

from pathlib import Path

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from sklearn.metrics import roc_auc_score

run_id = Path("run_id").read_text("utf-8")
test = pd.read_parquet("test.parquet")
features, labels = test.drop(columns="churn"), test["churn"]
challenger = mlflow.sklearn.load_model(f"runs:/{run_id}/model")
auc = roc_auc_score(labels, challenger.predict_proba(features)[:, 1])
try:
    champion = mlflow.sklearn.load_model("models:/churn@champion")
    beaten = auc > roc_auc_score(labels, champion.predict_proba(features)[:, 1]) + 0.005
except MlflowException:
    beaten = True  # there is none yet
Path("better").write_text(str(beaten), "utf-8")
print(f"AUC {auc:.4f}, better: {beaten}")
