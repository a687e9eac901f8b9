"""Figures by scikit-learn's names and by the team's own functions, taken in a process of its own.

What judges imports none of the team's code. The process is given neither variables nor a home that hold
credentials, tells figures alone, and nothing that it started outlives it; then the digests of what is judged
are looked at. It is no sandbox: it runs as the same user, on code of the commit that is judged.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gates import errors, golden_rows, named_figures
from gates.adapters import descendants, sklearn_metrics
from gates.adapters.trial import NEEDED
from gates.digest import canonical_json
from gates.documents import Document
from gates.errors import InvalidError, UnavailableError
from gates.golden_rows import GoldenRows, WeighedFiles
from gates.named_figures import Figure

if TYPE_CHECKING:
    from gates.stats.bootstrap import Function
    from gates.stats.metric import Metric

PATIENCE_S = 1800  # a slow function of ours is asked some thousand times


@dataclass(frozen=True)
class Asked:
    """A metric by its name.

    Attributes:
        name: In the policy; of scikit-learn where there is no function.
        function: The team's, as module:function.
        larger_is_better: Its direction.
        slices: On which it is asked for as well, each as column=value.
    """

    name: str
    function: str
    larger_is_better: bool
    slices: tuple[str, ...] = ()


def figures(root: Path, files: WeighedFiles, asked: Sequence[Asked], log: Path) -> Document:
    """Return the document of `gates.named_figures`, made in a process of its own.

    Args:
        root: The project, where the team's modules are found.
        files: The golden rows.
        asked: The metrics.
        log: Where the process says what it has to say.

    Raises:
        InvalidError: A metric is not there, fails, or has no figure on these rows; a file cannot be read.
        UnavailableError: It took too long.
    """
    question = {"files": asdict(files), "asked": [asdict(each) for each in asked]}
    known = {name: value for name, value in os.environ.items() if NEEDED.fullmatch(name)}
    with tempfile.TemporaryDirectory() as home:
        answered = Path(home, "answer")  # for a pipe one waits until all who were given it have closed it
        with log.open("a") as sink, answered.open("wb") as answer, descendants.ended():
            try:
                ended = subprocess.run(
                    [sys.executable, "-P", "-m", "gates.adapters.scorer"],
                    input=json.dumps(question, default=str).encode(),
                    stdout=answer,
                    stderr=sink,
                    cwd=root,
                    env={**known, "HOME": home},  # where the keys of clouds lie
                    timeout=PATIENCE_S,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise UnavailableError(
                    f"The named metrics took longer than {PATIENCE_S} s.",
                    why=f"Each is asked some thousand times of {', '.join(each.name for each in asked)}.",
                    do="Make the function faster, or hold a figure that is built in.",
                ) from error
        return _told(answered.read_bytes(), asked, ended.returncode, log)


def _told(answer: bytes, asked: Sequence[Asked], code: int, log: Path) -> Document:
    """Return the document that the process told, or raise the error that it told."""
    try:
        document: Document = json.loads(answer)
    except ValueError:
        names = ", ".join(each.name for each in asked)
        raise InvalidError(
            f"The process that takes {names} ended with {code} and no answer.",
            do=f"See why in {log}, mend the function, then: gates judge",
        ) from None
    if "error" in document:
        raise errors.from_document(document["error"])
    return document


def main() -> None:
    """Answer the question on stdin by the document, or by an error, on stdout."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a function prints is no answer
    question = json.load(sys.stdin)
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as Python itself would; -P has kept it out until here
    try:
        answer = _answer(question)
    except errors.GatesError as error:
        answer = {"error": error.to_document()}
    answers.write(canonical_json(answer))
    answers.close()


def _answer(question: Mapping[str, Any]) -> Document:
    given = question["files"]
    paths = {name: Path(given[name]) for name in named_figures.MADE_OF}
    files = WeighedFiles(**{**given, **paths, "class_weights": tuple(given["class_weights"])})
    models = golden_rows.MODELS if golden_rows.has_champion(files.predictions) else golden_rows.MODELS[:1]
    asked = [Asked(**{**each, "slices": tuple(each["slices"])}) for each in question["asked"]]
    columns = {name.partition("=")[0] for each in asked for name in each.slices}
    rows = golden_rows.read(files, models, columns)
    return named_figures.to_document({each.name: _taken(each, files, rows) for each in asked}, files)


def _taken(asked: Asked, files: WeighedFiles, rows: GoldenRows) -> dict[str, Figure]:
    """Return the figures of one metric, overall and on its slices."""
    if asked.function:
        metric: Metric | Function = _own(asked, rows.classes)
    else:
        metric = sklearn_metrics.metric(asked.name, files, rows.classes)
        rows = replace(rows, y=np.searchsorted(rows.classes, rows.y)) if rows.classes else rows
    larger = asked.larger_is_better
    try:
        return named_figures.taken(metric, rows, files.task, larger_is_better=larger, slices=asked.slices)
    except ValueError as error:
        if not asked.function:  # as of one class, or of too few rows: the gate is undecided
            sys.stderr.write(f"{asked.name}: {error}\n")
            return {}
        raise InvalidError(
            f"The metric {asked.name!r} has no figure on the golden rows.",
            why=str(error).partition("\n")[0],
            do="Hold another metric, or mend the golden set or the function; then: gates judge",
        ) from error


def _own(asked: Asked, classes: tuple[str, ...]) -> "Function":
    """Return the team's function, whose errors say whose they are."""
    import pandas as pd

    module, _, name = asked.function.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:
        raise InvalidError(
            f"gates.metrics.{asked.name}: {asked.function} cannot be imported.",
            why=f"{type(error).__name__}: {str(error)[:300]}",
            do="Name a function of a module in the project, such as scoring.cost:per_call.",
        ) from error

    def called(y: Any, prediction: Any, weight: Any) -> float:  # noqa: ANN401 - arrays of numpy
        if classes:
            prediction = pd.DataFrame(prediction, columns=classes)
        try:
            found = function(y, prediction, weight)
        except Exception as error:
            raise InvalidError(
                f"The metric {asked.name!r} ({asked.function}) raised {type(error).__name__}.",
                why=str(error)[:300],
                do="It is called with labels, predictions and weights, and returns one number.",
            ) from error
        try:
            return float(found)
        except (TypeError, ValueError) as error:
            raise InvalidError(
                f"The metric {asked.name!r} ({asked.function}) returned {str(found)[:80]!r}, no number.",
                do="It is called with labels, predictions and weights, and returns one number.",
            ) from error

    return called


if __name__ == "__main__":
    main()
