"""Every kind of tampering, in one table: refused by `promote` and by the verified loader, with exit code 6.

The intruder can write wherever files lie: into the evidence, the ledger, the registry, the copy that serves.
In most rows the entry that names the tampered statement is well signed, as if that key were stolen too, so
that it is the statement that has to be refused. Where a kind means something else to one of the two, the row
says what happens instead, and why.
"""

import base64
import json
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from mlflow import MlflowClient

import gates
from gates import ledger, statement
from gates.adapters import keys
from gates.adapters.model import MODEL_FILE, SIGNATURE_FILE
from gates.digest import canonical_json
from gates.envelope import seal
from gates.errors import ExitCode, GatesError
from gates.ledger import Champion
from gates.run import loader, promote, serving
from gates.run.project import Project, now
from tests import examples
from tests.adapters import mlflow_models
from tests.checks import project as checked
from tests.examples import OTHERS
from tests.run import champions, judged
from tests.run.judged import Judged

TAMPERED = ExitCode.TAMPERED
STATE = (".gates", "evidence", "candidate", "mlruns", "mlflow.db", "params.yaml")


class Row(NamedTuple):
    """One kind of tampering.

    Attributes:
        tamper: What the intruder does.
        promote: How `gates promote` ends; 0 where it is right to go on.
        load: How the loader ends; 0 where it is right to serve.
        why: Why one of them ends otherwise than with 6.
    """

    tamper: Callable[["World"], object]
    promote: int = TAMPERED
    load: int = TAMPERED
    why: str = ""


@dataclass(frozen=True)
class World:
    """A project with a champion, a refusal, and a passing decision about what comes next."""

    judged: Judged

    @property
    def root(self) -> Path:
        """Its folder."""
        return self.judged.root

    @property
    def project(self) -> Project:
        """The project as the next command opens it."""
        return self.judged.project

    @property
    def champion(self) -> Champion:
        """Who serves."""
        found = self.project._history().champion
        assert found is not None
        return found

    @property
    def envelope(self) -> dict[str, Any]:
        """The statement of who serves, as it is kept."""
        document: dict[str, Any] = json.loads(self.project.store.get(self.champion.statement))
        return document

    def entry(self, seq: int) -> Path:
        """The file of an entry."""
        return Path(self.project.store.place) / f"{seq:08d}.json"

    def folders(self) -> list[Path]:
        """Where the champion's files lie: the copy that serves, and the registry."""
        return [self.root / loader.KEPT / self.champion.sha, mlflow_models.artifacts(self.root, "1")]

    def name(self, envelope: bytes, **target: str) -> None:
        """Let a well-signed entry name these bytes as the statement of who serves; the decision follows."""
        project, history = self.project, self.project._history()
        kept = project.store.put(envelope)
        entry = ledger.next_entry(
            history,
            operation="forged",
            kind="promote",
            target=replace(self.champion, statement=kept, **target),
            reason="better",
            actor="somebody",
            time=now(),
        )
        signer = keys.signer(self.root)[0]
        project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))
        self.follow()

    def follow(self) -> None:
        """Let the decision be one that was compared with who serves now, so that it is no conflict."""
        head = serving.facts(self.project._history(), "")["champion"]
        self.judged.decide(replace(self.judged.decision, champion=head))


# ---------------------------------------------------------------- how


def envelope(edit: Callable[[dict[str, Any]], object]) -> Callable[[World], object]:
    """Edit the envelope of the champion's statement."""

    def tamper(world: World) -> None:
        document = world.envelope
        edit(document)
        world.name(canonical_json(document))

    return tamper


def stated(edit: Callable[[dict[str, Any]], object]) -> Callable[[World], object]:
    """Edit what the decision says, and what the champion's statement says, whose signature stays."""

    def tamper(world: World) -> None:
        kept = world.envelope
        payload = json.loads(base64.b64decode(kept["payload"]))
        edit(payload)
        world.name(canonical_json(kept | {"payload": b64(canonical_json(payload))}))
        path = world.root / "evidence/statement.json"
        decided = json.loads(path.read_bytes())
        edit(decided)
        path.write_bytes(canonical_json(decided))

    return tamper


def swapped(**fields: str) -> Callable[[World], object]:
    """Name another digest in both."""

    def edit(document: dict[str, Any]) -> None:
        document["predicate"]["candidate"] |= fields
        document["subject"][0]["digest"]["sha256"] = document["predicate"]["candidate"]["sha"]

    return stated(edit)


def in_folders(tamper: Callable[[Path], object]) -> Callable[[World], object]:
    """Tamper with the champion's files wherever they lie."""
    return lambda world: [tamper(folder) for folder in world.folders()]


def policy(**terms: str) -> Callable[[World], object]:
    """Let the policy set terms to the key that signed, and the decision be judged by that policy."""

    def tamper(world: World) -> None:
        params = yaml.safe_load((world.root / "params.yaml").read_text())
        (key,) = params["gates"]["trusted_keys"]
        params["gates"]["trusted_keys"] = [{"key": key, **terms}]
        (world.root / "params.yaml").write_text(yaml.safe_dump(params))
        decision, now_is = world.judged.decision, world.project.policy.sha256
        world.judged.decide(
            replace(
                decision,
                candidate=replace(decision.candidate, params_sha256=world.project.params_sha256()),
                policy_sha256=now_is,
                verdicts=tuple(replace(each, policy_sha256=now_is) for each in decision.verdicts),
            )
        )

    return tamper


def b64(data: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(data).decode()


def first(document: dict[str, Any]) -> dict[str, Any]:
    """Return the first signature."""
    found: dict[str, Any] = document["signatures"][0]
    return found


def verdicts(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the verdicts of a statement."""
    found: list[dict[str, Any]] = document["predicate"]["verdicts"]
    return found


def flip(path: Path) -> None:
    """Change a byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_payload(document: dict[str, Any]) -> None:
    """Change one byte of what was signed."""
    data = bytearray(base64.b64decode(document["payload"]))
    data[len(data) // 2] ^= 1
    document["payload"] = b64(bytes(data))


def another_signature(document: dict[str, Any]) -> None:
    """Put our signature of another document in the place of this one's."""
    other = seal({"other": 1}, statement.PAYLOAD_TYPE, examples.OURS.signer)
    first(document)["sig"] = first(json.loads(other))["sig"]


def by_a_stranger(document: dict[str, Any]) -> None:
    """Sign it with a key that nobody trusts."""
    payload = json.loads(base64.b64decode(document["payload"]))
    document["signatures"] = json.loads(seal(payload, statement.PAYLOAD_TYPE, OTHERS.signer))["signatures"]


def dated_in_the_future(world: World) -> None:
    """A decision, and an entry, of a day to come: so would a key do that may not sign yet."""
    world.judged.decide(replace(world.judged.decision, judged_on=now().date() + timedelta(days=3)))
    entry = replace(
        ledger.next_entry(
            world.project._history(),
            operation="forged",
            kind="promote",
            target=world.champion,
            reason="better",
            actor="somebody",
            time=now() + timedelta(days=3),
        )
    )
    data = seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, keys.signer(world.root)[0])
    world.project.store.append(entry.seq, data)


def another_models(world: World) -> None:
    """A good, signed statement about another model, named by the entry and put into the evidence."""
    other = replace(world.judged.decision, model="another", champion=None)
    signer = keys.signer(world.root)[0]
    world.name(seal(statement.to_document(other), statement.PAYLOAD_TYPE, signer))
    world.judged.decide(replace(world.judged.decision, model="another"))


def replayed(world: World) -> None:
    """The champion's good statement, for a model that it is not about; and its decision, once more."""
    kept = world.project.store.get(world.champion.statement)
    decided = statement.from_document(json.loads(base64.b64decode(world.envelope["payload"])))
    world.name(kept, sha="b" * 64)
    world.judged.decide(decided)
    drawn = world.project.store.get(decided.candidate.exhibits_sha256)
    (world.judged.root / "evidence/exhibits.json").write_bytes(drawn)


def overtaken(world: World) -> None:
    """Somebody else was promoted meanwhile."""
    champions.promote(world.project, world.judged.registry, 2)


def swap_entries(world: World) -> None:
    """Give two entries each other's places."""
    one, two = (world.entry(seq).read_bytes() for seq in (1, 2))
    world.entry(1).write_bytes(two)
    world.entry(2).write_bytes(one)


def edit_mlmodel(folder: Path) -> None:
    """Let MLflow load it by code of somebody's own."""
    path = folder / "MLmodel"
    if path.exists():
        path.write_text(path.read_text().replace("loader_module: mlflow.sklearn", "loader_module: mine"))
    else:
        path.write_text("flavors: {python_function: {loader_module: mine}}")


def move_alias(world: World) -> None:
    """Let the alias name a version that the ledger never heard of."""
    client = mlflow_models.client(world.root)
    made = client.create_model_version("churn", str(client.get_model_version("churn", "1").source))
    client.set_registered_model_alias("churn", "champion", made.version)


def tag(client: MlflowClient) -> None:
    """Let a version say that it is another model."""
    client.set_model_version_tag("churn", "1", "model_sha", "0" * 64)
    client.set_model_version_tag("churn", "1", "champion", "true")


def stage(client: MlflowClient) -> None:
    """Put a version into Archived by hand."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # stages still work
        client.transition_model_version_stage("churn", "1", "Archived")


# ---------------------------------------------------------------- what

NO_DIGEST_YET = "a folder has no digest before it is registered; what MLflow could run is refused by name"
LEDGER_DECIDES = "neither asks who MLflow says to serve; promote sets the alias by the ledger"

ROWS: dict[str, Row] = {
    # envelope
    "one payload byte": Row(envelope(flip_payload)),
    "payloadType": Row(envelope(lambda e: e.update(payloadType="application/vnd.ml-gates.entry+json"))),
    "signature removed": Row(envelope(lambda e: e.update(signatures=[]))),
    "signature truncated": Row(envelope(lambda e: first(e).update(sig=first(e)["sig"][:-4]))),
    "signature swapped": Row(envelope(another_signature)),
    "signature duplicated": Row(envelope(lambda e: e["signatures"].append(first(e)))),
    "unknown key": Row(envelope(by_a_stranger)),
    "revoked key": Row(policy(revoked="2020-01-01")),
    "expired key": Row(policy(until="2020-01-01")),
    "expired decision": Row(
        lambda world: world.judged.decide(replace(world.judged.decision, judged_on=examples.TODAY)),
        promote=ExitCode.INVALID,
        load=ExitCode.PASS,
        why="nobody is accused of being late; and who was promoted in time goes on serving",
    ),
    "dated in the future": Row(
        dated_in_the_future,
        promote=ExitCode.INVALID,
        why="a decision's day is held against this clock first",
    ),
    "unknown envelope field": Row(envelope(lambda e: e.update(comment="x"))),
    # statement
    "verdict flipped": Row(stated(lambda d: verdicts(d)[0].update(outcome="fail"))),
    "gate dropped": Row(stated(lambda d: verdicts(d).pop(0))),
    "gate duplicated": Row(stated(lambda d: verdicts(d).insert(0, verdicts(d)[0]))),
    "threshold lowered": Row(stated(lambda d: verdicts(d)[2]["findings"][0].update(limit=0.1))),
    "policy digest swapped": Row(stated(lambda d: d["predicate"].update(policy_sha256="0" * 64))),
    "golden digest swapped": Row(swapped(golden_sha256="0" * 64)),
    "data digest swapped": Row(swapped(data_sha256="0" * 64)),
    "commit swapped": Row(swapped(commit="0" * 40)),
    "run swapped": Row(stated(lambda d: d["predicate"]["candidate"].update(run_id=OTHER_RUN["id"]))),
    "model digest swapped": Row(swapped(sha="0" * 64)),
    "another model's statement": Row(another_models),
    "an older good statement replayed": Row(
        replayed, promote=ExitCode.CONFLICT, why="the champion moved after that comparison, whoever asks"
    ),
    "champion no longer the champion": Row(
        overtaken,
        promote=ExitCode.CONFLICT,
        load=ExitCode.PASS,
        why="nobody tampered: the loser of a race judges again, and the loader serves the winner",
    ),
    # model folder
    "a byte of the model changed": Row(in_folders(lambda folder: flip(folder / MODEL_FILE))),
    "a file added": Row(
        in_folders(lambda folder: (folder / "added").write_text("")), ExitCode.INVALID, why=NO_DIGEST_YET
    ),
    "a file removed": Row(in_folders(lambda folder: (folder / SIGNATURE_FILE).unlink())),
    "a file hidden as .git/x": Row(in_folders(mlflow_models.add_hidden), ExitCode.INVALID, why=NO_DIGEST_YET),
    "MLmodel edited": Row(in_folders(edit_mlmodel), ExitCode.INVALID, why=NO_DIGEST_YET),
    # ledger
    "an entry edited": Row(lambda world: flip(world.entry(1))),
    "an entry removed": Row(lambda world: world.entry(1).unlink()),
    "entries reordered": Row(swap_entries),
    "the tail cut off": Row(lambda world: world.entry(2).unlink()),
    "alias set by hand": Row(move_alias, ExitCode.PASS, ExitCode.PASS, LEDGER_DECIDES),
    "stage set by hand": Row(
        lambda world: stage(mlflow_models.client(world.root)), ExitCode.PASS, ExitCode.PASS, LEDGER_DECIDES
    ),
    "tag set by hand": Row(
        lambda world: tag(mlflow_models.client(world.root)), ExitCode.PASS, ExitCode.PASS, LEDGER_DECIDES
    ),
}
OTHER_RUN: dict[str, str] = {}


# ---------------------------------------------------------------- who


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world before anybody tampers with it."""
    root = tmp_path_factory.mktemp("world") / "project"
    made = judged.build(root)
    champions.trust_only_this_machine(made.project)
    judged.commit(root)
    assert made.judge().outcome == "pass"
    assert promote.run(made.project, "", apply=True).outcome == "pass"
    template = checked.Project(root)
    champion = serving.facts(made.project.history(), "")["champion"]
    for scores, outcome in ((0.5, "fail"), (1.0, "pass")):
        table = checked.tables()["predictions"]
        template.write_table("predictions", table.assign(challenger=table["challenger"] * scores))
        told = judged.hand_on(made.project, made.told.data, made.told.train, champion)
        assert made.judge(told).outcome == outcome
        if outcome == "fail":
            promote.run(made.project, "", apply=True)
    training = mlflow_models.training(root / "models/other", other="yes")
    OTHER_RUN["id"] = mlflow_models.tracking(root).record(training)
    gates.load_champion(root)
    return World(made)


@pytest.fixture
def world(template: World, tmp_path: Path) -> Iterator[World]:
    """The same, as it was before, whatever the test before did: MLflow's paths are absolute."""
    for name in STATE:
        place = template.root / name
        (shutil.copytree if place.is_dir() else shutil.copy)(place, tmp_path / name)
    yield template
    for name in STATE:
        place = template.root / name
        if place.is_dir():
            shutil.rmtree(place)
            shutil.copytree(tmp_path / name, place)
        else:
            shutil.copy(tmp_path / name, place)


def code(command: Callable[[], object]) -> int:
    """Return the exit code that a command would end with; -1 where it does not say what to do."""
    try:
        command()
    except GatesError as error:
        return error.code if error.do else -1
    return ExitCode.PASS


@pytest.mark.parametrize("name", ROWS)
def test_promote(world: World, name: str) -> None:
    """Nothing is promoted, and no entry written."""
    ROWS[name].tamper(world)
    before = {path.name: path.read_bytes() for path in Path(world.project.store.place).glob("*.json")}
    assert code(lambda: promote.run(world.project, "", apply=True)) == ROWS[name].promote
    after = {path.name: path.read_bytes() for path in Path(world.project.store.place).glob("*.json")}
    if ROWS[name].promote:
        assert after == before
    else:
        assert world.judged.registry.champion_version() == world.champion.version


@pytest.mark.parametrize("kept", [True, False], ids=["from the copy", "from the registry"])
@pytest.mark.parametrize("name", ROWS)
def test_load(world: World, name: str, kept: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Not served, whether its files were brought here before or are fetched now."""
    ROWS[name].tamper(world)
    if not kept:
        shutil.rmtree(world.root / loader.KEPT)
    assert code(lambda: gates.load_champion(world.root)) == ROWS[name].load
    if not ROWS[name].load:
        assert gates.load_champion(world.root).sha == world.champion.sha


def test_untouched(world: World) -> None:
    """Both take what nobody has tampered with, or the table would prove nothing."""
    assert gates.load_champion(world.root).version == "1"
    assert promote.run(world.project, "", apply=True).outcome == "pass"


def test_the_table_is_whole() -> None:
    """All 32 kinds, the last three and others counted apart; whatever does not end with 6 says why."""
    assert len(ROWS) == 37
    assert all(bool(row.why) == ((row.promote, row.load) != (TAMPERED, TAMPERED)) for row in ROWS.values())
