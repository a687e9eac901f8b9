"""The linters of workflows that people know, where they are installed: zizmor and actionlint."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gates.adapters import process
from gates.errors import InvalidError, Remark

LIMIT_S = 30
WORKFLOWS = Path(".github") / "workflows"
_COMMANDS = {
    "zizmor": ("--offline", "--no-progress", "--no-exit-codes", "--format=json-v1", ".github"),
    "actionlint": ("-format", "{{json .}}"),
}


def lint(top: Path, log: Path) -> tuple[list[Remark], list[str]]:
    """Return what the linters say about the workflows of a repository, and which of them are not installed.

    Raises:
        InvalidError: One of them did not come to an answer.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    there = [name for name in _COMMANDS if shutil.which(name, path=path)]
    remarks: list[Remark] = []
    for name in there if (top / WORKFLOWS).is_dir() else ():
        ended = process.run([name, *_COMMANDS[name]], cwd=top, log=log, limit_s=LIMIT_S)
        try:
            found = json.loads(ended.stdout)
            remarks += (_of_zizmor if name == "zizmor" else _of_actionlint)(found, top)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            said = " | ".join(ended.tail[-3:]) or f"exit code {ended.code}"
            command = " ".join([name, *_COMMANDS[name][:1]])
            raise InvalidError(
                f"{name} did not come to an answer.", why=said, do=f"Run it: {command}"
            ) from error
    return remarks, [name for name in _COMMANDS if name not in there]


def _of_zizmor(found: list[dict[str, Any]], top: Path) -> Iterator[Remark]:
    for each in found:
        if each.get("ignored"):
            continue
        primary = [place for place in each["locations"] if place["symbolic"]["kind"] == "Primary"]
        where = (primary or each["locations"])[0]
        if _by_tag(each["ident"], where["concrete"]["feature"]):
            continue
        file = where["symbolic"]["key"]["Local"]["verbatim_path"]
        line = where["concrete"]["location"]["start_point"]["row"] + 1
        yield Remark(f"zizmor: {each['ident']}: {each['desc']}.", str(top / file), line)


def _by_tag(ident: str, called: str) -> bool:
    """Return whether a finding is that ml-gates is called by a tag: the doctor says what that means."""
    by_tag = r"[^/]+/ml-gates/\.github/workflows/[\w-]+\.yml@v\d+(\.\d+)*"
    return ident == "unpinned-uses" and bool(re.fullmatch(by_tag, called))


def _of_actionlint(found: list[dict[str, Any]], top: Path) -> Iterator[Remark]:
    for each in found:
        yield Remark(f"actionlint: {each['message']}.", str(top / each["filepath"]), int(each["line"]))
