"""Stage `prepare`: the raw table becomes training rows and the frozen golden set."""

import hashlib
from pathlib import Path

import pandas as pd
import yaml

KEY, LABEL = "patient", "progression"


def main() -> None:
    """Deal the patients by the SHA-256 of seed and number, whatever the order of the file."""
    params = yaml.safe_load(Path("params.yaml").read_text("utf-8"))["prepare"]
    table = pd.read_csv("data/raw/diabetes.csv")
    dealt = table[KEY].map(lambda key: hashlib.sha256(f"{params['seed']}:{key}".encode()).hexdigest())
    is_golden = dealt.rank() <= params["golden_rows"]
    golden = table[is_golden]
    Path("data/golden").mkdir(exist_ok=True)
    table[~is_golden].to_parquet("data/train.parquet", index=False)
    golden.drop(columns=LABEL).to_parquet("data/golden/features.parquet", index=False)
    golden[[KEY, LABEL]].to_parquet("data/golden/labels.parquet", index=False)


if __name__ == "__main__":
    main()
