"""Job `predict`: both models score the golden features, are tested and are timed. No label comes in here."""

from pathlib import Path
from typing import Any

from gates import digest, junit
from gates.adapters import behaviour, files, latency, model, replay
from gates.adapters.registry import Registry
from gates.documents import read_json
from gates.errors import InvalidError
from gates.run import handoff, serving
from gates.run.project import Project
from gates.run.result import UNCHANGED, Result
from gates.tables import read_table
from gates.timings import TURNS


def run(project: Project, expect: str) -> Result:
    """Write predictions and timings, and return pass; unchanged when the candidate serves already.

    Raises:
        TamperedError: A model is not the one that was handed on or promoted.
        InvalidError: A model cannot be loaded by the policy's rules, or does not answer as it should.
    """
    folder = project.model_folder
    served = [folder / name for name in model.SERVED_FILES]
    training = handoff.read(project, "train", expect, [*served, project.features])
    # Taken before the latency benchmark, which is the user's code, has run.
    handed_on = digest.of_file(project.candidate / "train.json")
    sha = handoff.text(training, "model_sha")
    history = project.history()
    champion = history.champion
    if champion and champion.sha == sha and champion.approval is None:
        return Result(UNCHANGED, f"v{champion.version} ({sha[:12]}) is the champion already.")
    head = serving.facts(history, sha)["champion"]
    models = {"challenger": (folder, sha)}
    if champion:
        project.say(f"fetching the champion, v{champion.version}")
        registry = Registry(project.root, project.model)
        folder = serving.fetch(project, registry, history, champion, project.candidate / "champion")
        models["champion"] = (folder, champion.sha)
    # Scored first, since that says plainly what is wrong with a model, but written last: tests and benchmark
    # are the user's code.
    written = _score(project, models) | _test(project, models)
    _time(project, models)
    for name, data in written.items():
        files.write_bytes(project.candidate / name, data)
    handed = [project.candidate / name for name in (*written, "latency.json")]
    told = handoff.write(project, "predict", {"train": handed_on, "champion": head}, handed)
    names = " and ".join(models)
    return Result("pass", f"Scored and timed {names}.", digest=told, details={"models": list(models)})


def _test(project: Project, models: dict[str, tuple[Path, str]]) -> dict[str, bytes]:
    """Return what the team's tests say of each model, in the challenger's place; nothing where none asks."""
    if "behaviour" not in project.policy.gates:
        return {}
    shared = project.policy.project
    champion, suites = models.get("champion", models["challenger"]), {}
    for name, tested in models.items():
        project.say(f"testing the behaviour of the {name}")
        given = behaviour.Handed(tested, champion, project.features, shared.data.key, shared.trusted_types)
        suites[name] = behaviour.run(project.root, given, project.log)
    return {behaviour.RESULT: junit.write(suites)}


def _time(project: Project, models: dict[str, tuple[Path, str]]) -> None:
    policy: Any = project.policy.gates["latency"]
    project.say(f"timing {' and '.join(models)}, at most {policy.requests:,} requests each, in turns")
    result = project.candidate / "latency-full.json"
    latency.benchmark(
        project.root,
        models,
        project.features,
        result,
        trusted_types=project.policy.project.trusted_types,
        asked=latency.Asked(policy.requests, policy.budget_s, policy.p99_ms, policy.max_p99_ratio),
        log=project.log,
    )
    try:
        # pytest-benchmark's JSON names machine, user and time; only the rounds are handed on.
        benchmarks = [
            {
                "name": each["name"],
                "extra_info": {TURNS: each["extra_info"][TURNS]},
                "stats": {"data": each["stats"]["data"]},
            }
            for each in read_json(result)["benchmarks"]
        ]
    except (KeyError, TypeError) as error:
        raise InvalidError(
            f"The benchmark in {latency.FOLDER} left no requests of the models: it has no {error}.",
            do="Time them with the fixture `time_requests`, then: gates predict",
        ) from error
    files.write_json(project.candidate / "latency.json", {"benchmarks": benchmarks})
    result.unlink()


def _score(project: Project, models: dict[str, tuple[Path, str]]) -> dict[str, bytes]:
    """Return the table of scores, one row a golden row, and the challenger's sample for a rollback."""
    import numpy as np
    import pandas as pd

    project.say("scoring the golden rows")
    features = read_table(project.features)
    key = project.policy.project.data.key
    task, scores = project.policy.project.task, {key: read_table(project.features, [key])[key]}
    kept = b""
    for name, (folder, sha) in models.items():
        estimator = model.load(folder, sha, project.policy.project.trusted_types)
        rows = model.rows_for(folder, features, project.features)
        answered = model.score(estimator, rows, name, task)
        columns = model.columns(estimator, name, task)
        scores |= dict(zip(columns, np.atleast_2d(answered.T), strict=True))
        if name == "challenger":
            kept_as = model.columns(estimator, replay.SCORE, task)
            kept = replay.sample(rows, answered, project.policy.project.replay.rows, kept_as)
    table = pd.DataFrame(scores).sort_values(key, ignore_index=True)
    return {"predictions.parquet": bytes(table.to_parquet(index=False)), replay.NAME: kept}
