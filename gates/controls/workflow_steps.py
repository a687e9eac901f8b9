"""What the steps of a job do to production, as far as a file tells."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Files: TypeAlias = Mapping[str, Mapping[str, Any]]

REPAIR = "GATES_RECONCILE_REPAIR"
_CONTINUED = re.compile(r"\\\r?\n\s*")
_PROMOTE = re.compile(
    r"\bgates\s+(?:ship|promote|rollback|reconcile\b.*--repair)\b|\bmake\b[^\n;&|]*\s(?:ship|promote|rollback)\b"
)
_RECONCILE = re.compile(r"\bgates\s+reconcile\b")
_ACTION = re.compile(r"(?:.*/)?\.github/actions/(?P<name>[\w.-]+)(?:@.*)?")
_LOCAL = re.compile(r"(?:\.|\$)/(?P<path>.+?)/?")
# What runs here is written elsewhere: a Makefile, a script, or a command in a variable.
_ELSEWHERE = re.compile(
    r"(?:^|[\s;&|(])(?:(?:g?make|just|task|tox|nox|npm|yarn|pnpm|invoke|eval|source)(?=[\s;&|)]|$)"
    r"|\.{1,2}/\S|(?!-)[\w./${}\"-]+\.(?:sh|bash|zsh|py|js|ts|rb|pl|ps1)\b"
    r"|(?:bash|sh|zsh|python[\d.]*)\s+(?!-)\S|gates\s+[\"']?\$)"
    r"|(?:^|[;&|(])[ \t]*(?!\S*/(?:gates|python[\d.]*|pip)\s)[\w.~$-]*/[^\s=;&|)]+(?=[\s;&|)]|$)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Steps:
    """What the steps of a job do.

    Attributes:
        promote: Whether one moves the champion.
        reconcile: Whether one compares MLflow with the ledger.
        unseen: Whether one may move it, with rights or secrets, and no file here tells.
    """

    promote: bool = False
    reconcile: bool = False
    unseen: bool = False

    @classmethod
    def of(cls, files: Files, document: Mapping[str, Any], job: Mapping[str, Any]) -> "Steps":
        """Return what the steps of a job of a workflow do."""
        repairs = any(_repairs(block) for block in (document, job))
        told = list(_told(files, job, repairs=repairs, within=frozenset()))
        secret = re.search(r"\bsecrets\b", f"{job} {document.get('env', '')}")
        trusted = bool(secret) or _may_write(document, job)
        return cls("promote" in told, "reconcile" in told, trusted and "unseen" in told)


def _told(files: Files, block: Mapping[str, Any], *, repairs: bool, within: frozenset[str]) -> Iterator[str]:
    """Yield what each step does: promote, reconcile, unseen, or nothing."""
    for step in block_steps(block):
        putting_back = repairs or _repairs(step)
        run, uses = _CONTINUED.sub(" ", str(step.get("run", ""))), str(step.get("uses", ""))
        if _PROMOTE.search(run):
            yield "promote"
        elif _ELSEWHERE.search(run):
            yield "unseen"
        if _RECONCILE.search(run):
            yield from ("reconcile", *(["promote"] if putting_back else []))
        yield from _of_action(files, uses, step, repairs=putting_back, within=within)


def _of_action(
    files: Files, uses: str, step: Mapping[str, Any], *, repairs: bool, within: frozenset[str]
) -> Iterator[str]:
    named, local = _ACTION.fullmatch(uses), _LOCAL.fullmatch(uses)
    if named and named["name"] in {"promote", "rollback"}:
        yield "promote"
    elif named and named["name"] == "reconcile":
        given = step.get("with")
        put_back = str(given.get("repair", "")) if isinstance(given, dict) else ""
        yield from ("reconcile", *(["promote"] if repairs or put_back.lower() not in _OFF else []))
    elif local and uses not in within:
        paths = (f"{local['path']}/action.yml", f"{local['path']}/action.yaml")
        runs = next((files[path].get("runs") for path in paths if path in files), None)
        if isinstance(runs, dict) and runs.get("using") == "composite":
            yield from _told(files, runs, repairs=repairs, within=within | {uses})
        else:
            yield "unseen"


_OFF = frozenset({"", "0", "false", "no", "off", "f", "n"})


def _repairs(block: Mapping[str, Any]) -> bool:
    """Return whether its environment makes a `gates reconcile` put back what moved."""
    given = block.get("env")
    return isinstance(given, dict) and str(given.get(REPAIR, "")).lower() not in _OFF


def _may_write(document: Mapping[str, Any], job: Mapping[str, Any]) -> bool:
    """Return whether its token may write: what no file says is the repository's default, perhaps all."""
    granted = job.get("permissions", document.get("permissions", "write-all"))
    if isinstance(granted, dict):
        return "write" in map(str, granted.values())
    return str(granted) not in {"read-all", ""}


def all_jobs(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the jobs of a workflow by name."""
    jobs = document.get("jobs")
    return (
        {name: job for name, job in jobs.items() if isinstance(job, dict)} if isinstance(jobs, dict) else {}
    )


def block_steps(block: Mapping[str, Any]) -> list[Any]:
    """Return the steps of a job or of a composite action."""
    steps = block.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
