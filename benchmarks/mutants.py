"""Print how many changes of statement, ledger and plans the tests notice: `make mutants`.

mutmut changes each line of their functions in many ways, and runs the tests that reach it against each change
(pyproject.toml says which). A change that no test notices is a line that nobody holds.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KILLED_BY = ("killed", "timeout", "segfault")
LEAST = 85


def main() -> None:
    """Run mutmut, and end with 1 where the tests notice less than they should."""
    mutmut("run")
    mutmut("export-cicd-stats")
    stats = json.loads((ROOT / "mutants/mutmut-cicd-stats.json").read_text())
    killed = sum(stats[name] for name in KILLED_BY)
    if not stats["total"] or stats["check_was_interrupted_by_user"]:
        sys.exit("mutmut did not come to its end: run it to see why: .venv/bin/mutmut run")
    share = 100 * killed // stats["total"]
    print(f"{killed} of {stats['total']} mutants of statement, ledger and plans are killed: {share} %.")
    if share < LEAST:
        sys.exit(f"Less than {LEAST} %. The survivors: .venv/bin/mutmut results; .venv/bin/mutmut show NAME")


def mutmut(*arguments: str) -> None:
    """Run one of its commands; what it draws while it works is of no use afterwards."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        said = (ended.stdout + ended.stderr)[-4000:]
        sys.exit(f"mutmut {arguments[0]} ended with {ended.returncode}:\n{said}")


if __name__ == "__main__":
    main()
