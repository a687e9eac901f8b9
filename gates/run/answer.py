"""Telling an answer or an error: to a person, as JSON, and to GitHub."""

import errno
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from rich.text import Text

from gates import checks
from gates.adapters import logs
from gates.adapters.console import Screen
from gates.errors import ExitCode, GatesError, UnavailableError
from gates.render import markdown, review, selftest, terminal
from gates.run import on_github
from gates.run.project import Project
from gates.run.result import Result
from gates.verdict import Verdict
from gates.verdict_document import from_document, to_document

# A full disk, a full quota, a full file: wherever it is met, it is no mistake of ours.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
Answer: TypeAlias = Result | Verdict | dict[str, Any]


class Answering:
    """One command's answer.

    Attributes:
        screen: Where a person looks.
        code: The exit code so far.
    """

    def __init__(self, command: str, project: Path, *, as_json: bool, flags: Sequence[str] = ()) -> None:
        """Answer for a command.

        Args:
            command: Its name.
            project: The project's folder.
            as_json: Let stdout hold one JSON document and nothing else.
            flags: What it was given, for a person to type again.
        """
        self.screen = Screen()
        self.code = ExitCode.PASS
        self._command = command
        self._project = project
        self._as_json = as_json
        self._step = on_github.Step(command, project, flags)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Tell an error as what, why and what next; a bug of ours too, with its traceback in the log."""
        try:
            yield
        except GatesError as error:
            self.complain(error)
        except Exception as error:  # a bug of ours must not end in a traceback
            if isinstance(error, OSError) and error.errno in FULL:
                do = "Make room, then run the same command again: it completes what was half done."
                self.complain(UnavailableError("The disk is full.", why=f"{error.strerror}.", do=do))
                return
            logging.getLogger("gates").exception("unexpected")
            self.complain(
                GatesError(
                    f"gates {self._command} met {type(error).__name__}: {str(error)[:300]}",
                    why="This is a mistake in ml-gates, not in your project.",
                    do=f"Report it with {self._project / logs.FOLDER / self._command}.log",
                )
            )

    def complain(self, error: GatesError) -> None:
        """Tell an error and keep its exit code."""
        self.code = error.code
        self.screen.unfold()
        self._step.tell_error(error)
        if self._as_json:
            with suppress(UnavailableError), self._writing():
                _print_json({"error": error.to_document()})
                return
        for label, text in (("Stopped:", error.what), ("Why:", error.why), ("Next:", error.do)):
            if text:
                self.screen.progress.print(f"{label:<8} {text}", markup=False)

    def tell(self, answer: Answer, project: Project | None = None) -> None:
        """Tell an answer and keep its exit code; with the project, also where in its files it is at fault."""
        document = _document(answer)
        judged = (
            [answer]
            if isinstance(answer, Verdict)
            else list(map(from_document, document.get("verdicts", ())))
        )
        if isinstance(answer, Result):
            self.code = answer.exit_code
        elif isinstance(answer, Verdict):
            self.code = answer.outcome.exit_code if answer.blocks else ExitCode.PASS
            document = {**document, "verdict": f"evidence/{answer.gate}.json"}
        self.screen.unfold()
        if "outcome" in document:
            self._step.tell_answer(document, judged, self.code, project)
        with self._writing():
            if self._as_json:
                _print_json(_document(answer))
            else:
                self._show(document, judged)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write to stdout to its end; that its reader has left (`gates history | head`) is no error."""
        try:
            yield
            sys.stdout.flush()
        except OSError as error:
            # What is still buffered would fail again when Python ends; what is left to say goes to stderr.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self._as_json = False
            if not isinstance(error, BrokenPipeError):
                raise UnavailableError(
                    "The answer could not be written to stdout.",
                    why=f"{error.strerror}. What the command did before that is done.",
                    do="Make room there, then ask again: gates status",
                ) from error

    def _show(self, document: dict[str, Any], judged: list[Verdict]) -> None:
        show = self.screen.show
        if self._command in checks.names():
            show(terminal.findings(judged[0]))
        elif self._command == "audit":
            show(Text(markdown.audit(document).rstrip()))
        elif self._command == "history":
            show(
                terminal.entries(document["entries"]) if document["entries"] else "No model was promoted yet."
            )
        elif self._command == "doctor":
            show(terminal.roads(document["findings"]))
            show(document["sentence"])
        elif self._command == "review":
            show(review.table(document))
            show(document["sentence"])
        elif self._command == "selftest":
            show(selftest.table(document))
            show(document["sentence"])
        elif "$schema" in document:
            _print_json(document)
        elif self._command == "key":
            show(str(next(iter(document.values()))).strip())
        elif "sentence" in document:
            self._show_sentence(document, judged)
        else:
            show(terminal.facts(document))

    def _show_sentence(self, document: dict[str, Any], judged: list[Verdict]) -> None:
        """Show verdicts, what happened in one sentence, and the steps that it took or would take."""
        show = self.screen.show
        if judged:
            show(terminal.verdicts(judged, document.get("policy_changes", ())))
            show("")
        show(document["sentence"])
        for step, seconds in document.get("steps_s", {}).items():
            show(Text(f"  {seconds:6.2f} s  {step}"))
        for number, step in enumerate(document.get("plan", ()), start=1):
            show(Text(f"  {number}. {step}"))
        if "look" in document:
            show(f"Look next: {document['look']}")


def _document(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Verdict):
        return to_document(answer)
    return answer.to_document() if isinstance(answer, Result) else answer


def _print_json(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
