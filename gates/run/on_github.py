"""Telling GitHub an answer or an error: outputs for the next job, annotations, the step summary.

Each says first which gate stopped, by how much, who is to act, and what to type on a laptop. Annotations come
before the answer, so that they are the first lines of the log as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates.adapters import github
from gates.errors import ExitCode, GatesError
from gates.render import lineage, markdown, review, selftest, sentences
from gates.render.red import Red
from gates.run import places, red
from gates.run.project import Project
from gates.verdict import Verdict

MOST_REMARKS = 9  # GitHub shows ten errors of a step; the first one says what to do
MARKS = {"pass": "✅", "unchanged": "✅", "planned": "", "undecided": "⚠️"}
OUTPUTS = ("outcome", "sentence", "verdict", "digest", "model")


@dataclass(frozen=True)
class Step:
    """A command as it runs in a step of a workflow.

    Attributes:
        command: Its name.
        folder: The project's folder.
        flags: What it was given, for a person to type again.
    """

    command: str
    folder: Path
    flags: Sequence[str] = ()

    def tell_error(self, error: GatesError) -> None:
        """Tell what stopped the command."""
        stopped = red.of(self.command, self.flags, self.folder, error.code)
        title = f"{self.command or 'gates'}: {error.code.name.lower()} ❌"
        _annotate("gates", f"{error.what} {error.why} {error.do}".strip(), stopped)
        for remark in error.remarks[:MOST_REMARKS]:
            github.annotate("error", "gates", remark.text, *places.of(remark))
        github.write_summary(markdown.error(error.what, error.why, error.do, title, stopped))
        github.write_outputs({"sentence": " ".join(f"{error.what} {error.do}".split())})

    def tell_answer(
        self, document: Mapping[str, Any], judged: Sequence[Verdict], code: ExitCode, project: Project | None
    ) -> None:
        """Tell what was decided; with the project, also where in its files it is at fault."""
        github.write_outputs({name: str(document[name]) for name in OUTPUTS if name in document})
        stopped = red.of(document.get("stopped_at", self.command), self.flags, self.folder, code)
        title = f"{self.command}: {document['outcome']} {MARKS.get(document['outcome'], '❌')}".rstrip()
        blocking = [verdict for verdict in judged if verdict.blocks]
        if stopped and not blocking:
            _annotate(title, str(document.get("sentence", "")), stopped)
        for verdict in blocking:
            head = f"{verdict.gate}: {verdict.outcome.value}"
            _annotate(head, sentences.why_not(verdict), stopped)
            for remark in (
                list(places.at_fault(project, verdict))[: MOST_REMARKS - len(judged)] if project else ()
            ):
                github.annotate("error", head, remark.text, *places.of(remark))
        for look in document.get("looks", ()):
            self._annotate_look(look)
        github.write_summary(self._summary(title, document, judged, stopped))

    def _annotate_look(self, look: Mapping[str, Any]) -> None:
        """Show what a review has seen: each remark at its place, else the look's own sentence."""
        level = review.LEVELS.get(look["outcome"], "notice")
        title = f"{look['look']}: {look['outcome']}"
        for each in look["remarks"][:MOST_REMARKS]:
            file = self.folder / each["file"] if each["file"] else None
            github.annotate(level, title, each["text"], file, each["line"])
        if level != "notice" and not look["remarks"]:
            github.annotate(level, title, look["sentence"])

    def _summary(
        self, title: str, document: Mapping[str, Any], judged: Sequence[Verdict], stopped: Red | None
    ) -> str:
        if self.command == "audit":
            return markdown.audit(document, stopped)
        if self.command == "doctor":
            return markdown.roads(document, stopped)
        if self.command == "review":
            return review.page(document, stopped)
        if self.command == "selftest":
            return selftest.page(document, stopped)
        drawn = _lineage(document)
        return markdown.summary(
            title,
            str(document.get("sentence", "")),
            judged,
            document.get("policy_changes", ()),
            against=document.get("against_champion", ()),
            lineage=drawn,
            links=github.links() if stopped or drawn else {},
            red=stopped,
        )


def _annotate(title: str, text: str, stopped: Red | None) -> None:
    github.annotate("error", title, "\n".join([text, *(stopped.lines() if stopped else [])]))


def _lineage(document: Mapping[str, Any]) -> list[str]:
    """Draw where a refused model or a champion comes from; that of a pass is drawn when it is promoted."""
    candidate, champion = document.get("candidate"), document.get("champion") or document
    if candidate is None or (document["outcome"] == "pass" and "version" not in champion):
        return []
    version = champion.get("version", "")
    decided = document.get("decided", document["outcome"])
    return lineage.graph(candidate, document.get("decision", ""), decided, version)
