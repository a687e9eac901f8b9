"""Testing what must not break with the team's own tests, in a process of its own without keys or labels."""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gates import junit
from gates.adapters import descendants, process
from gates.adapters.latency import ONE_THREAD
from gates.adapters.trial import NEEDED
from gates.errors import InvalidError

FOLDER = Path("tests") / "golden"
VARIABLE = "GATES_BEHAVIOUR"
RESULT = "behaviour.xml"
PATIENCE_S = 1200
SAID = (0, 1, 5)  # of pytest: all passed, some failed, there was none


@dataclass(frozen=True)
class Handed:
    """The models that the tests are given, each as its folder and SHA, and the golden features.

    Attributes:
        challenger: The model under test.
        champion: Who serves; the model under test where nobody does.
        features: The golden features.
        key: Their column that names a row.
        trusted_types: Types that loading a model may build.
    """

    challenger: tuple[Path, str]
    champion: tuple[Path, str]
    features: Path
    key: str
    trusted_types: Sequence[str]


def run(root: Path, given: Handed, log: Path) -> junit.Suite:
    """Run `tests/golden/` with pytest, and return how every test ended; no test where there is no folder.

    The process has neither variables nor a home that hold credentials, and nothing that it started outlives
    it. It is no sandbox: it runs as the same user, on code of the commit that is judged.

    Raises:
        InvalidError: The tests could not be run, or did not come to an end.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return junit.Suite()
    with tempfile.TemporaryDirectory() as home, descendants.ended():
        result = Path(home) / RESULT
        handed = {
            "challenger": _named(given.challenger),
            "champion": _named(given.champion),
            "features": str(given.features),
            "key": given.key,
            "trusted_types": list(given.trusted_types),
            "result": str(result),
        }
        command = [
            *(sys.executable, "-P", "-m", "pytest", "--quiet", "-rfEs", "--no-header"),
            *("--tb=short", "--disable-warnings"),  # the tail of what it says is the reason
            *("--rootdir", str(folder), "--confcutdir", str(folder)),
            *("-c", "/dev/null", "-p", "no:cacheprovider", "-p", "gates.adapters.pytest_behaviour"),
            str(folder),
        ]
        unneeded = [name for name in os.environ if not NEEDED.fullmatch(name)]
        environment: dict[str, str | None] = {
            **dict.fromkeys(unneeded),
            **ONE_THREAD,
            VARIABLE: json.dumps(handed),
            "HOME": home,  # where the keys of clouds lie
            "PYTHONHASHSEED": "0",
            "COLUMNS": "200",
        }
        ended = process.run(command, cwd=root, env=environment, log=log, merge=True, limit_s=PATIENCE_S)
        if ended.code not in SAID or not result.exists():
            reasons = [each for each in ended.tail if each.startswith(("E ", "ERROR"))] or [*ended.tail]
            raise InvalidError(
                f"The tests in {FOLDER} were not run to their end: pytest ended with {ended.code}.",
                why=" | ".join(reasons[-3:]),
                do=f"Mend them, then: gates predict. Log: {log}",
            )
        return junit.read(result)[""]


def _named(model: tuple[Path, str]) -> dict[str, str]:
    folder, sha = model
    return {"folder": str(folder), "sha": sha}
