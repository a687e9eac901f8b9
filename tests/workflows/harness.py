"""Run this repository's workflows on this machine: act in host mode, without Docker and without a network.

A run needs two folders. The *project* is the repository whose event is played: a clean commit, and what
checkout copies into every job. The *source* is this repository as the workflows reach it with `uses: $/…`: a
copy whose workflows are rendered to what act understands. Whatever outlives a run (ledger, tracking, bucket)
lies outside both.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests import warm

ROOT = Path(__file__).parents[2]
STAND_INS = Path(__file__).with_name("stand_ins")
SELF = "org/ml-gates"

_USES = re.compile(r"(?P<key>uses: +)(?P<what>\S+)")
_SECONDS_OF_A_RUN = 600


@dataclass(frozen=True)
class Job:
    """What one job of a run did.

    Attributes:
        result: `success`, `failure` or `skipped`.
        outputs: Outputs of its steps, `<step id>.<output>` → value.
        log: What its steps wrote to both outputs, by the step's id (its position if it has none).
        summary: The step summaries as Markdown, by the step's id.
    """

    result: str
    outputs: Mapping[str, str]
    log: Mapping[str, str]
    summary: Mapping[str, str]


@dataclass(frozen=True)
class Run:
    """What a workflow run did.

    Attributes:
        code: Exit code of act: 0 when no job failed.
        jobs: Name of a job → what it did; jobs that act left out are absent.
        log: What act and the steps said, for the message of a failed assertion.
    """

    code: int
    jobs: Mapping[str, Job]
    log: str

    @property
    def results(self) -> dict[str, str]:
        """Name of each job → its result."""
        return {name: job.result for name, job in self.jobs.items()}


@dataclass(frozen=True)
class World:
    """Everything a run of the workflows can reach.

    Attributes:
        folder: Empty folder of this world.
        gates: Folder with the `gates` command that the jobs use.
        real_setup: Whether the setup action installs the package for real.
        secrets: Secrets of the repository.
        variables: Variables of the repository.
        environment: Further variables of the machine that every job sees.
        callers: Workflows that a test brings along, file name → text.
        consumer: Whether an event starts the project's own workflow, which calls ours by a tag.
    """

    folder: Path
    gates: Path = field(default_factory=warm.programs)
    real_setup: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    callers: Mapping[str, str] = field(default_factory=dict)
    consumer: bool = False

    @property
    def artifacts(self) -> Path:
        """What the last run uploaded, a folder an artifact."""
        return self.folder / "scratch" / "artifacts"

    @property
    def project(self) -> Path:
        """The repository whose events are played."""
        return self.folder / "project"

    @property
    def source(self) -> Path:
        """This repository, rendered for act."""
        return self.folder / "source"


def find_act() -> Path | None:
    """Find act on PATH or in the repository's tool folder."""
    found = shutil.which("act") or shutil.which("act", path=ROOT / ".tools" / "bin")
    return Path(found) if found else None


def export(target: Path, root: Path = ROOT, part: str = ".") -> Path:
    """Copy the files of a repository, or of a part, as a commit of its present state would hold them."""
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", part)
    for name in filter(None, listed.split("\0")):
        file, copy = root / name, target / name
        if file.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)
    return target


def commit(repository: Path, message: str = "change", name: str = SELF) -> str:
    """Commit everything in a folder, which becomes a repository if it is none; return the commit."""
    if not (repository / ".git").exists():
        git(repository, "init", "--quiet", "--initial-branch=main")
        git(repository, "config", "user.name", "Test")
        git(repository, "config", "user.email", "test@example.org")
        git(repository, "remote", "add", "origin", f"https://github.com/{name}.git")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(repository, "rev-parse", "HEAD").strip()


def git(repository: Path, *arguments: str) -> str:
    """Run git in a folder, without the settings of the person who runs the tests."""
    settings = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, env=settings, check=True, capture_output=True, text=True).stdout


def render(source: Path, *, real_setup: bool) -> None:
    """Rewrite workflows and actions in place to what act understands."""
    for file in _yaml_files(source):
        lines = [line for line in file.read_text().splitlines() if not line.strip().startswith("queue:")]
        text = _USES.sub(
            lambda match: match["key"] + _rendered(match["what"], real_setup=real_setup), "\n".join(lines)
        )
        file.write_text(text + "\n")


def _rendered(what: str, *, real_setup: bool) -> str:
    if what == "$/.github/actions/setup" and not real_setup:
        return "stand-in/setup@self"
    return f"{SELF}/{what.removeprefix('$/')}@self" if what.startswith("$/") else what


def _yaml_files(source: Path) -> Iterator[Path]:
    yield from (source / ".github" / "workflows").glob("*.yml")
    yield from (source / ".github" / "actions").glob("*/action.yml")


def local_repositories(source: Path, consumer: Path | None = None) -> dict[str, Path]:
    """Map every foreign `owner/repository@ref` of rendered files to the folder that stands in for it.

    Args:
        source: This repository, rendered.
        consumer: A repository that calls it; whatever tag it names is the present state.

    Raises:
        LookupError: An action is used for which there is no stand-in.
    """
    files = [*_yaml_files(source), *(_yaml_files(consumer) if consumer else ())]
    used = {match["what"] for file in files for match in _USES.finditer(file.read_text())}
    folders = {f"{SELF}@self": source}
    for what in sorted(used):
        path, _, ref = what.partition("@")
        repository = "/".join(path.split("/")[:2])
        if repository == SELF:
            folders[f"{SELF}@{ref}"] = source
        if repository in {SELF, "actions/checkout"}:  # act itself does the checkout
            continue
        folder = STAND_INS / path.split("/")[1]
        if not folder.is_dir():
            raise LookupError(f"{what} has no stand-in; add the folder {folder.relative_to(ROOT)}.")
        folders[f"{repository}@{ref}"] = folder
    return folders


def play(world: World, workflow: str, event: str, payload: Mapping[str, Any]) -> Run:
    """Play one event on one workflow.

    Args:
        world: The folders; its project holds a commit.
        workflow: File name of the workflow that the event starts.
        event: Name of the event, such as `push`.
        payload: The event as GitHub sends it.

    Returns:
        What every job did.
    """
    shutil.rmtree(world.source, ignore_errors=True)
    # act copies the whole of it for every step; only what installs us needs more than the YAML.
    export(world.source, part="." if world.real_setup else ".github")
    for name, text in world.callers.items():
        (world.source / ".github" / "workflows" / name).write_text(text)
    render(world.source, real_setup=world.real_setup)
    scratch = world.folder / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    for name in ("home", "tmp", "artifacts", "cache"):
        (scratch / name).mkdir(parents=True)
    (scratch / "event.json").write_text(json.dumps(payload))
    command = _command(world, scratch, workflow, event)
    with subprocess.Popen(
        command,
        env=_environment(scratch),
        cwd=world.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            log, _ = process.communicate(timeout=_SECONDS_OF_A_RUN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the jobs as well, or the pipe never closes
            raise
    return Run(code=process.returncode, jobs=read_jobs(log), log=read_text(log))


def _command(world: World, scratch: Path, workflow: str, event: str) -> list[str]:
    seen_by_jobs = {
        "HOME": str(scratch / "home"),
        "STAND_IN_ARTIFACTS": str(world.artifacts),
        "STAND_IN_GATES": str(world.gates),
        "STAND_IN_PYTHON": str(Path(sys.base_prefix) / "bin"),
        **_of_git(world.project),
        # The command of the tests is that of this tree, whichever tree the environment was installed from.
        **({} if world.real_setup else {"PYTHONPATH": str(ROOT)}),
        **world.environment,
    }
    found = local_repositories(world.source, world.project if world.consumer else None)
    repositories = {name: str(folder) for name, folder in found.items()}
    workflows = (world.project if world.consumer else world.source) / ".github" / "workflows"
    return [
        str(find_act()),
        event,
        *("--workflows", str(workflows / workflow)),
        *("--eventpath", str(scratch / "event.json")),
        *("--platform", "ubuntu-latest=-self-hosted"),
        *("--action-cache-path", str(scratch / "cache")),
        *("--defaultbranch", "main", "--concurrent-jobs", "1"),
        *("--action-offline-mode", "--no-cache-server", "--json", "--verbose"),
        *_pairs("--env", seen_by_jobs),
        *_pairs("--secret", world.secrets),
        *_pairs("--var", world.variables),
        *_pairs("--local-repository", repositories),
    ]


def _of_git(project: Path) -> dict[str, str]:
    """Tell act what it would look up in the repository for every expression, a fifth of its time.

    The commit is the project's own, also for an event that names another one, such as `after` of a push.
    """
    address = urlsplit(git(project, "remote", "get-url", "origin").strip())
    commit = git(project, "rev-parse", "HEAD").strip()
    return {"SHA_REF": commit, "GITHUB_REPOSITORY": address.path.strip("/").removesuffix(".git")}


def _pairs(option: str, values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]


def _environment(scratch: Path) -> dict[str, str]:
    """Give act nothing of this process's environment but the folders of the programs that jobs need."""
    programs = filter(None, map(shutil.which, ("bash", "git", "python3")))
    folders = [*(str(Path(program).parent) for program in programs), "/usr/bin", "/bin"]
    return {
        "PATH": os.pathsep.join(dict.fromkeys(folders)),
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
        "NO_COLOR": "1",
        "GIT_PAGER": "cat",
        "TERM": "dumb",
        "GOGC": "off",  # act lives for seconds
        "GOMEMLIMIT": "1GiB",
    }


def read_jobs(log: str) -> dict[str, Job]:
    """Read act's JSON lines: id of a job → what it did.

    A job that act never reached has no result and is left out, so a test names every job that it expects.
    """
    results: dict[str, str] = {}
    outputs: dict[str, dict[str, str]] = {}
    texts: dict[str, dict[str, str]] = {}
    summaries: dict[str, dict[str, str]] = {}
    for line in log.splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        job, step = entry.get("jobID", ""), (entry.get("stepID") or ["-"])[0]
        if "jobResult" in entry:
            results[job] = entry["jobResult"]
        if entry.get("command") == "set-output":
            outputs.setdefault(job, {})[f"{step}.{entry['name']}"] = entry["arg"]
        if entry.get("command") == "summary":  # told twice: by the action's own step and by the action
            summaries.setdefault(job, {})[step] = entry["content"]
        if entry.get("raw_output"):
            of_job = texts.setdefault(job, {})
            of_job[step] = of_job.get(step, "") + entry["msg"]
    return {
        job: Job(result, outputs.get(job, {}), texts.get(job, {}), summaries.get(job, {}))
        for job, result in results.items()
    }


def read_text(log: str) -> str:
    """Turn act's JSON lines into lines for people, without what is only said for debugging."""
    lines = []
    for line in log.splitlines():
        entry = json.loads(line) if line.startswith("{") else {"msg": line}
        if entry.get("level") != "debug" or "jobResult" in entry:
            lines.append(f"{entry.get('jobID', 'act')}: {entry['msg'].rstrip()}")
    return "\n".join(lines)
