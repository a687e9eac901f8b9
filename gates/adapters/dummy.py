"""A model that knows nothing, for a rehearsal: it answers each row with the same score."""

import io
import shutil
import time
from pathlib import Path

from gates.adapters import replay
from gates.adapters.model import MODEL_FILE, SIGNATURE_FILE, columns, score, served_digest
from gates.adapters.tracking import Training
from gates.documents import read_json
from gates.policy_values import ANSWERS_NUMBERS, Task


def training(
    folder: Path, signature: Path, rows: bytes, trusted_types: tuple[str, ...], task: Task
) -> tuple[Training, bytes]:
    """Return a dummy as a training leaves it, and its answers to kept golden rows.

    Args:
        folder: Where to write the model; it does not exist yet.
        signature: The signature file of another model, which the dummy takes.
        rows: What `gates.adapters.replay` keeps of that model.
        trusted_types: Types that loading a model may need.
        task: What the other model does, and so the dummy.
    """
    import numpy as np
    import pandas as pd
    import skops.io
    from sklearn.dummy import DummyClassifier, DummyRegressor

    table = pd.read_parquet(io.BytesIO(rows))
    features = table.drop(columns=replay.kept_columns(table))
    knows_nothing = DummyRegressor() if task in ANSWERS_NUMBERS else DummyClassifier(strategy="prior")
    model = knows_nothing.fit(np.zeros((2, 1)), [0, 1])
    folder.mkdir(parents=True)
    skops.io.dump(model, folder / MODEL_FILE)
    shutil.copyfile(signature, folder / SIGNATURE_FILE)
    scores = score(model, features, "dummy", task)
    made = Training(
        model=model,
        folder=folder,
        signature=read_json(signature),
        example=features.head(1),
        params={},
        metrics={},
        tags={"model_sha": served_digest(folder)},
        trusted_types=trusted_types,
        started_ms=int(time.time() * 1000),
    )
    return made, replay.sample(features, scores, len(features), columns(model, replay.SCORE, task))
