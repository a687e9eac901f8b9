"""The page about the statistics: every public function with what it returns and where it comes from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_BETWEEN = re.compile(r"(?<=\.)(?<!\b[A-Z]\.)(?<!\bal\.)\s+(?=[A-Z])")  # sentences, not initials nor et al.
_SECTION = re.compile(r"\n\s*(?:Args|Returns|Yields|Raises):\n")
HEAD = """# Statistics

<!-- Written by `gates actions` from gates/stats; do not edit. -->

What a gate says rests on these functions: pure NumPy, each with its source and what it assumes. The tests
hold them against scikit-learn, SciPy, naive loops and published figures, and it is simulated
[how often each gate is wrong](decisions.md).
"""


@dataclass(frozen=True)
class Function:
    """A public function, and its docstring."""

    name: str
    text: str

    @property
    def sentences(self) -> list[str]:
        """What its docstring says before it comes to arguments."""
        return [" ".join(each.split()) for each in _BETWEEN.split(_SECTION.split(self.text)[0])]

    @property
    def does(self) -> str:
        """Its first sentence, and those that name a year: who published it."""
        first, *rest = self.sentences
        return " ".join([first, *(each for each in rest if YEAR.search(each))])


@dataclass(frozen=True)
class Module:
    """A module of `gates.stats`: its name, its docstring, and its public functions."""

    name: str
    text: str
    functions: Sequence[Function]


def render(modules: Sequence[Module]) -> str:
    """Return the page, in Markdown."""
    lines = [HEAD]
    for module in modules:
        lines += [f"## {module.name.replace('_', ' ')}", ""]
        lines += [_plain(" ".join(part.split())) + "\n" for part in module.text.split("\n\n")]
        if module.functions:
            lines += ["| function | what it does |", "|---|---|"]
            lines += [f"| `{each.name}` | {_plain(each.does)} |" for each in module.functions]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


_MARKUP = str.maketrans({"|": "\\|", "<": "&lt;", "*": "\\*", "_": "\\_"})


def _plain(text: str) -> str:
    """Keep a docstring from becoming a table or markup; what stands in backticks is code already."""
    parts = re.split(r"(`[^`]*`)", text.replace("``", "`"))
    return "".join(part if part.startswith("`") else part.translate(_MARKUP) for part in parts)
