"""Job `predict`: challenger and champion score the golden features and are timed. No label comes in here."""

import json
import shutil
from pathlib import Path
from typing import Any

from gates import digest
from gates.adapters import files, latency, model
from gates.adapters.registry import Registry, keep_served, served_digest
from gates.errors import TamperedError
from gates.ledger import Champion, History
from gates.plans.rollback import was_rolled_back
from gates.run import handoff
from gates.run.project import Project
from gates.run.result import UNCHANGED, Result
from gates.tables import read_table


def run(project: Project, expect: str) -> Result:
    """Write predictions and timings, and return pass; unchanged when the candidate serves already.

    Raises:
        TamperedError: A model is not the one that was handed on or promoted.
        InvalidError: A model cannot be loaded by the policy's rules, or does not answer as it should.
    """
    folder = project.model_folder
    served = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    training = handoff.read(project, "train", expect, [*served, project.features])
    # Taken before the latency benchmark, which is the user's code, has run.
    handed_on = digest.of_file(project.candidate / "train.json")
    sha = handoff.text(training, "model_sha")
    history = project.history()
    champion = history.champion
    if champion and champion.sha == sha:
        return Result(UNCHANGED, f"v{champion.version} ({sha[:12]}) is the champion already.")
    registry = Registry(project.root, project.model)
    models = {"challenger": (folder, sha)}
    if champion:
        project.say(f"fetching the champion, v{champion.version}")
        models["champion"] = (fetch_champion(project, registry, champion), champion.sha)
    facts = {"run": registry.run_facts(handoff.text(training, "run_id")), "serving": _serving(history, sha)}
    _time(project, models)
    _score(project, models)
    handed = [project.candidate / "predictions.parquet", project.candidate / "latency.json"]
    for name, document in facts.items():
        files.write_json(project.candidate / f"{name}.json", document)
        handed.append(project.candidate / f"{name}.json")
    written = handoff.write(project, "predict", {"train": handed_on}, handed)
    names = " and ".join(models)
    return Result("pass", f"Scored and timed {names}.", digest=written, details={"models": list(models)})


def fetch_champion(project: Project, registry: Registry, champion: Champion) -> Path:
    """Download a champion into `candidate/champion`, verified, and return the folder with what it serves.

    Raises:
        TamperedError: The registry's files are not those that were promoted.
    """
    target = project.candidate / "champion"
    shutil.rmtree(target, ignore_errors=True)
    whole = registry.fetch(champion.version, target)
    if whole != champion.folder_sha256 or served_digest(target) != champion.sha:
        raise TamperedError(
            f"Version {champion.version} of {project.model} is not what was promoted.",
            why="A file of it was changed, added or removed in the registry.",
            do="Find who wrote there. Serve an earlier one: gates rollback --to previous",
        )
    model.refuse_code(target)
    keep_served(target)
    return target


def _serving(history: History, sha: str) -> dict[str, Any]:
    """Return who serves, and whether this candidate was once taken out of production."""
    head = history.head
    return {
        "champion": {"seq": head.entry.seq, "sha256": head.sha256} if head else None,
        "version": history.champion.version if history.champion else None,
        "rolled_back": was_rolled_back(history, sha),
    }


def _time(project: Project, models: dict[str, tuple[Path, str]]) -> None:
    policy: Any = project.policy.gates["latency"]
    project.say(f"timing {' and '.join(models)}, {policy.requests} requests each")
    result = project.candidate / "latency-full.json"
    latency.benchmark(
        project.root,
        models,
        project.features,
        result,
        trusted_types=project.policy.project.trusted_types,
        requests=policy.requests,
        budget_s=policy.budget_s,
        log=project.log,
        on_line=lambda _: None,
    )
    # pytest-benchmark's JSON names machine, user and time; only the rounds are handed on.
    benchmarks = [
        {"name": each["name"], "params": each["params"], "stats": {"data": each["stats"]["data"]}}
        for each in json.loads(result.read_bytes())["benchmarks"]
    ]
    files.write_json(project.candidate / "latency.json", {"benchmarks": benchmarks})
    result.unlink()


def _score(project: Project, models: dict[str, tuple[Path, str]]) -> None:
    import pandas as pd

    project.say("scoring the golden rows")
    features = read_table(project.features)
    key = project.policy.project.data.key
    scores = {key: read_table(project.features, [key])[key]}
    for name, (folder, sha) in models.items():
        estimator = model.load(folder, sha, project.policy.project.trusted_types)
        scores[name] = model.score(estimator, model.rows_for(folder, features, project.features), name)
    table = pd.DataFrame(scores).sort_values(key, ignore_index=True)
    files.write_bytes(project.candidate / "predictions.parquet", table.to_parquet(index=False))
