"""Raw data to training and test rows."""

import subprocess

import pandas as pd
from sklearn.model_selection import train_test_split

subprocess.run(["dvc", "pull", "--quiet", "data/raw/churn.csv"], check=True)
rows = pd.read_csv("data/raw/churn.csv").drop(columns="rownames", errors="ignore").drop_duplicates()
rows["churn"] = (rows["churn"] == "Yes").astype(int)
rows["total_charges"] = rows["total_charges"].fillna(0.0)
train, test = train_test_split(rows, test_size=1_500, stratify=rows["churn"], random_state=20)
train.to_parquet("train.parquet")
test.to_parquet("test.parquet")
print(f"{len(train)} rows to train, {len(test)} to test")
