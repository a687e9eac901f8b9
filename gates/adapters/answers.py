"""Asking a model for its answers to a table of features, in a process of its own that sees no label."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gates.adapters import files, keys, model, process
from gates.errors import InvalidError
from gates.policy_values import Task
from gates.tables import read_table

VARIABLE = "GATES_ANSWERS"


def ask(
    folder: Path,
    features: Path,
    key: str,
    result: Path,
    *,
    trusted_types: Sequence[str],
    task: Task,
    log: Path,
) -> None:
    """Leave in ``result`` a table of key and answers of the challenger, a row for each of the features.

    Args:
        folder: The folder that the train stage wrote.
        features: The rows that it is asked about.
        key: The column that names a row.
        result: The Parquet file to write.
        trusted_types: Types that loading the model may build.
        task: What the model does.
        log: Log file.

    Raises:
        InvalidError: The model cannot be loaded by the policy's rules, or does not answer as it should.
    """
    handed = [str(folder), str(features), key, str(result), list(trusted_types), task]
    command = [sys.executable, "-P", "-m", "gates.adapters.answers"]
    environment: dict[str, str | None] = {VARIABLE: json.dumps(handed), keys.VARIABLE: None}
    ended = process.run(command, cwd=folder, env=environment, log=log)
    if ended.code:
        raise InvalidError("The model does not answer.", why=" | ".join(ended.tail[-2:]), do=f"See {log}")


def main() -> None:
    """Answer what the environment names."""
    import numpy as np
    import pandas as pd

    folder, features, key, result, trusted_types, task = json.loads(os.environ[VARIABLE])
    estimator = model.load(Path(folder), model.served_digest(Path(folder)), trusted_types)
    table = read_table(Path(features))
    rows = model.rows_for(Path(folder), table, Path(features))
    answered = model.score(estimator, rows, "challenger", task)
    columns = model.columns(estimator, "challenger", task)
    answers = dict(zip(columns, np.atleast_2d(answered.T), strict=True))
    scored = pd.DataFrame({key: table[key], **answers})
    files.write_bytes(Path(result), bytes(scored.to_parquet(index=False)))


if __name__ == "__main__":
    main()
