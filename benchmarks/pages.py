"""Time the pages: one report, the import of matplotlib included, and a site of many models.

python -m benchmarks.pages [MODELS DECISIONS]
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.speed.line import ROOT
from tests import decided, ledgers

MODELS, DECISIONS = 50, 100  # of each
SITE_S, REPORT_S, REPORT_MB = 20.0, 3.0, 1.0


def main() -> None:
    """Print seconds and goals."""
    models, decisions = map(int, sys.argv[1:] or (MODELS, DECISIONS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        decision, drawn = decided.decided(decided.project(folder / "judged"))
        roots = [folder / f"model-{number}" for number in range(models)]
        for root in roots:
            ledgers.write(root, root.name, decision, drawn, decisions)
            sys.stdout.write(".")
            sys.stdout.flush()
        print()
        first = roots[0]
        seconds, told = timed("report", "v1", "--project", str(first))
        size = told["bytes"] / 1e6
        print(f"{seconds:6.2f} s  a report (goal {REPORT_S:g} s), {size:.2f} MB (goal {REPORT_MB:g} MB)")
        command = ["site", str(folder / "site"), "--project", str(first)]
        command += [word for root in roots[1:] for word in ("--also", str(root))]
        for what in (
            "from nothing",
            "again, with nothing new but more pictures",
            "again, without",
            "again, without",
        ):
            flags = [] if "without" not in what else ["--pictures", "0"]
            seconds, told = timed(*command, *flags)
            print(f"{seconds:6.2f} s  a site of {told['decisions']} decisions, {what} (goal {SITE_S:g} s)")


def timed(*words: str) -> tuple[float, dict[str, Any]]:
    """Return the seconds of a command, and its answer."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "gates", *words, "--json"]
    ended = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)
    seconds = time.perf_counter() - begun
    if ended.returncode:
        raise SystemExit(ended.stdout.decode() + ended.stderr.decode())
    return seconds, json.loads(ended.stdout)


if __name__ == "__main__":
    main()
