"""The fairness intervals beside fairlearn's bootstrap, each in an environment of its own."""

import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.speed import peers
from benchmarks.speed.line import Line, by_turns, output
from gates.checks import fairness
from gates.stats.group_rates import group_counts
from gates.stats.groups import membership
from gates.verdict import Measurements

ROWS = 100_000
RESAMPLES = 100  # fairlearn takes minutes for them: fewer are timed, and each further one costs the same
TIMED = (2, 6)
FAIRLEARN = ("fairlearn==0.13.0", "pyarrow")
THEIRS = """
import json, sys, time
import pandas as pd
from fairlearn.metrics import MetricFrame, selection_rate, true_positive_rate, false_positive_rate
rows = pd.read_parquet(sys.argv[1])
metrics = {"selection_rate": selection_rate, "tpr": true_positive_rate, "fpr": false_positive_rate}
seconds = {}
for resamples in map(int, sys.argv[2:]):
    start = time.perf_counter()
    frame = MetricFrame(metrics=metrics, y_true=rows["y"], y_pred=rows["chosen"], random_state=1,
                        sensitive_features=rows["group"], n_boot=resamples, ci_quantiles=[0.025, 0.975])
    ratio, ends = frame.ratio()["selection_rate"], frame.ratio_ci()
    seconds[resamples] = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "ratio": float(ratio)}))
"""


def lines() -> Iterator[Line]:
    """Time disparate impact, demographic parity and equalized odds of four groups of text."""
    python = peers.python("fairlearn", FAIRLEARN)
    rng = np.random.default_rng(5)
    group = rng.choice(["north", "south", "east", "west"], ROWS)
    y = rng.binomial(1, 0.3, ROWS)
    score = np.clip(0.35 * y + 0.05 * (group == "north") + rng.uniform(0, 0.6, ROWS), 0, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        rows = pd.DataFrame({"y": y, "chosen": np.rint(score).astype(int), "group": group})
        rows.to_parquet(path)
        theirs = json.loads(output([str(python), "-c", THEIRS, str(path), *map(str, TIMED)]))
        chosen = rows["chosen"].to_numpy()

        def ours() -> Measurements:
            return fairness.rates("group", group_counts(y, chosen, membership(rows["group"].to_numpy())))

        if not math.isclose(ours()["disparate_impact/group"], theirs["ratio"], rel_tol=1e-9):
            raise SystemExit("they do not find the same")
        seconds, _ = by_turns(ours, lambda: None)
        few, more = (theirs["seconds"][str(each)] for each in TIMED)
        a_resample = (more - few) / (TIMED[1] - TIMED[0])
        taken = few + (RESAMPLES - TIMED[0]) * a_resample
        timed = f"from {few:.1f} s for {TIMED[0]} and {more:.1f} s for {TIMED[1]}"
        beside = f"fairlearn with n_boot = {RESAMPLES} beside, {timed}"
        what = f"fairness with intervals, {ROWS:,} rows, 4 groups of text; {beside}"
        yield Line(what, seconds, taken, 1_000.0)
