"""What GitHub Actions reads: step outputs, the step summary, annotations. Silent everywhere else."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

STEP_FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")
TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the name of the variable
SUMMARY_LIMIT = 1024 * 1024
CUT = "\n\n… cut at 1 MiB.\n"


def on_actions() -> bool:
    """Return whether this process is a step of a workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def actor() -> str:
    """Return who is acting: the GitHub user and run, else the user of this machine."""
    if on_actions():
        run = os.environ.get("GITHUB_RUN_ID", "?")
        return (
            f"{os.environ.get('GITHUB_ACTOR', '?')} (run {run} of {os.environ.get('GITHUB_REPOSITORY', '?')})"
        )
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"


def run_url() -> str:
    """Return the address of this workflow run; empty outside of one."""
    if not on_actions():
        return ""
    parts = (os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"))
    return "{}/{}/actions/runs/{}".format(*parts)


def write_outputs(values: Mapping[str, str]) -> None:
    """Write step outputs; values are one line each."""
    _append(
        "GITHUB_OUTPUT",
        "".join(f"{name}={value.splitlines()[0] if value else ''}\n" for name, value in values.items()),
    )


def write_summary(markdown: str) -> None:
    """Add to the step summary; what would pass GitHub's limit is cut, with a line that says so."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    there = Path(path).stat().st_size if path and Path(path).exists() else 0
    data, room = markdown.encode(), SUMMARY_LIMIT - 1024 - there
    if len(data) > room:
        # At the end of a paragraph where there is one: half a table or an open fence would swallow the line.
        whole = data[: max(room, 0)].decode(errors="ignore")
        markdown = (whole.rpartition("\n\n")[0] or whole) + CUT
    if there + len(markdown.encode()) < SUMMARY_LIMIT:
        _append("GITHUB_STEP_SUMMARY", markdown + "\n")


def links() -> dict[str, str]:
    """Return the addresses of commit and run by what a person calls them; none where this is no workflow."""
    server, repository = os.environ.get("GITHUB_SERVER_URL", ""), os.environ.get("GITHUB_REPOSITORY", "")
    commit, run = os.environ.get("GITHUB_SHA", ""), run_id()
    place = f"{server}/{repository}"
    if not on_actions() or not re.fullmatch(
        r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", place
    ):
        return {}
    found = {}
    if re.fullmatch("[0-9a-f]{40,64}", commit):
        found[f"commit {commit[:7]}"] = f"{place}/commit/{commit}"
    if run:
        found[f"run {run}"] = f"{place}/actions/runs/{run}"
    return found


def run_id() -> str:
    """Return the id of the workflow's run; empty elsewhere."""
    run = os.environ.get("GITHUB_RUN_ID", "")
    return run if on_actions() and re.fullmatch("[0-9]+", run) else ""


def folder(root: Path) -> str:
    """Return where a project lies in the checkout; empty for the checkout itself, or another place."""
    workspace = os.environ.get("GITHUB_WORKSPACE", "")
    try:
        found = root.resolve().relative_to(Path(workspace).resolve()).as_posix()
    except ValueError:
        return ""
    return "" if found == "." or not on_actions() else found


def annotate(level: str, title: str, message: str, file: Path | None = None, line: int = 0) -> None:
    """Show a line at the top of the run, and in the diff where it is about a line of it.

    Args:
        level: error, warning or notice.
        title: A few words.
        message: What is said.
        file: The file that it is about, where it is about one of the repository.
        line: Its line, from 1; 0 where it is about the whole file.
    """
    if on_actions():
        properties = {"title": title, **_place(file, line)}
        told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        # The runner reads both streams; stdout may hold a JSON answer.
        sys.stderr.write(f"::{level} {told}::{_data(message)}\n")


def _place(file: Path | None, line: int) -> dict[str, str]:
    """Return a place as GitHub names it: from the top of what was checked out."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if file is None or not workspace or not file.resolve().is_relative_to(Path(workspace).resolve()):
        return {}
    path = file.resolve().relative_to(Path(workspace).resolve()).as_posix()
    return {"file": path} | ({"line": str(line)} if line else {})


def _append(variable: str, text: str) -> None:
    if on_actions() and (path := os.environ.get(variable)):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
