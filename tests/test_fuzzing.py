"""Whatever comes from outside, a parser takes it or refuses it by one of our errors: nothing else escapes.

10,000 examples a parser, most of them good documents with a few things damaged, so that they get as far as a
document of ours does. They are the same examples on every machine: an example is its number. Hypothesis
would shrink one that escapes, but takes longer to draw each than a parser takes to read it.
"""

import base64
import functools
import json
import random
import shutil
import struct
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.dsse import Envelope

from gates import (
    break_glass,
    checkpoint,
    checks,
    documents,
    envelope,
    golden_rows,
    ledger,
    named_figures,
    paths,
    policy,
    statement,
    tables,
    verdict_document,
)
from gates.adapters import dvc, keys, model
from gates.adapters.sigstore_key import SigstoreKey
from gates.break_glass import Approval
from gates.checks import champion, latency, lineage
from gates.contracts import read_contract
from gates.digest import canonical_json
from gates.envelope import seal, unseal
from gates.errors import GatesError
from gates.golden_rows import WeighedFiles
from gates.named_figures import Figure
from gates.public_keys import p256_signature, p256_text, public_key
from gates.run import audit, handoff, pin, train
from gates.stats.interval import Interval
from gates.stats.scoring import Improvement
from gates.trust import Identity, TrustedKey
from gates.verdict import Waiver, at_least, waive
from tests import damage, examples
from tests.adapters import mlflow_models
from tests.checks import project as checked
from tests.damage import as_json
from tests.examples import GOLDEN, LATENCY, MODEL, MODES, OTHERS, OURS, POLICY, TODAY

EXAMPLES = 10_000
ROOT = Path(__file__).resolve().parents[1]
APPROVAL = Approval(
    MODEL,
    "d" * 64,
    "churn is down",
    datetime(2026, 6, 1, tzinfo=UTC),
    datetime(2026, 6, 2, tzinfo=UTC),
)
HISTORY = examples.history(1, 2, (1, "rollback"))

IN_MEMORY: dict[Path, bytes] = {}

Parse = Callable[[Any], object]
Read = Callable[[Path], object]


class Fuzzed(NamedTuple):
    """A parser, and what it is fed with."""

    parse: Parse
    damaged: damage.Damaged


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that passes every gate."""
    return checked.build(tmp_path_factory.mktemp("fuzzed")).root


@pytest.fixture
def project(template: Path, tmp_path: Path) -> checked.Project:
    """A copy of it, to damage the documents of."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return checked.Project(tmp_path)


WAIVER = Waiver("golden", "auc", "agreed with the board", "retention team", TODAY)
WAIVED = replace(GOLDEN, findings=waive("golden", [at_least("auc", 0.7, 0.8)], [WAIVER], TODAY))
STATEMENTS = [
    statement.to_document(each)
    for each in (
        examples.decision(1, HISTORY.head),
        replace(examples.decision(), verdicts=(WAIVED, LATENCY), policy_changes=("gates.x: 1 → 2",)),
    )
]
POLICIES = checks.policies()
VERDICTS = [verdict_document.to_document(each) for each in (GOLDEN, WAIVED)]
ENTRIES = [ledger.to_document(link.entry) for link in HISTORY.links]
STORED = examples.stored(1, 2, (1, "rollback"))
CHECKPOINT = checkpoint.of(HISTORY) or {}
ENVELOPE = json.loads(seal(STATEMENTS[0], statement.PAYLOAD_TYPE, OURS.signer))
P256_PRIVATE = ec.derive_private_key(7, ec.SECP256R1())
P256_PUBLIC = p256_text(P256_PRIVATE.public_key())
SIGNED = Envelope(canonical_json(STATEMENTS[0]), statement.PAYLOAD_TYPE, {}).pae()
BY_P256 = p256_signature(P256_PRIVATE.sign(SIGNED, ec.ECDSA(SHA256(), deterministic_signing=True)))
KEYLESS = Identity(
    "https://github.com/org/repo/.github/workflows/ship.yml@refs/heads/main", "issuer", "org/repo"
)
MORE = [
    {"keyid": P256_PUBLIC, "sig": base64.b64encode(BY_P256).decode()},
    {"keyid": KEYLESS.keyid, "sig": base64.b64encode(BY_P256).decode(), "bundle": {"mediaType": "x"}},
]
ENVELOPES = [
    {**ENVELOPE, "signatures": [*ENVELOPE["signatures"], *more]} for more in (MORE[:0], MORE[:1], MORE[1:])
]
PARAMS = documents.read_yaml(ROOT / "params.yaml")
PARAMS["gates"] |= {
    "trusted_keys": [
        P256_PUBLIC,
        {"key": "1" * 64, "owner": "a team", "from": "2026-01-01", "until": "2026-12-31"},
        asdict(KEYLESS),
    ],
    "ledger_objects": {"lock_years": 1},
    "checkpoints": ".gates/checkpoints",
}
CONTRACT = documents.read_yaml(ROOT / "contracts/golden.yaml")
CONTRACT["columns"] = dict(list(CONTRACT["columns"].items())[:9:2])
BENCHMARK = checked.latency(challenger=[0.010, 0.011], champion=[0.012])
MANIFEST = {
    "format": 1,
    "job": "data",
    "data_sha256": "3" * 64,
    "data_md5": "4" * 32,
    "remote": "storage",
    "files": {"raw.csv": "5" * 64},
}
POINTER = {"outs": [{"md5": "6" * 32, "size": 1, "hash": "md5", "path": "churn.csv"}]}
METRICS = {"staged": [{"step": 5, "metrics": {"auc": 0.75}}, {"step": 10, "metrics": {"auc": 0.8}}]}
SERVING = {"champion": {"seq": 1, "sha256": "b" * 64}, "rolled_back": False}
MLMODEL = {
    "flavors": {
        "python_function": {
            "loader_module": "mlflow.sklearn",
            "model_path": "model.skops",
            "predict_fn": "predict",
            "env": {"conda": "conda.yaml"},
        },
        "sklearn": {
            "code": None,
            "serialization_format": "skops",
            "skops_trusted_types": list(mlflow_models.TRUSTED),
        },
    }
}
CONDA = {"dependencies": ["python=3.11.2", "pip", {"pip": ["scikit-learn==1.9.0"]}], "name": "mlflow-env"}
CSV = "row_id,age,note\n1,2.5,a\n2,,'b'\n"
DVC_CONFIG = (ROOT / ".dvc/config").read_text()
YAML_TEXTS = (
    "a: &a {b: [1, 2.5, x]}\nc: {<<: *a}\nd: '2027-06-30'\n",
    "# policy\na:\n  - b: 1e5\n    c: ~\n",
)
PEM = (
    Ed25519PrivateKey.from_private_bytes(bytes(32))
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


def characters(drawn: bytes) -> str:
    """Return up to 19 characters of any kind, also what is none by itself."""
    return "".join(map(chr, struct.unpack("19H", drawn[:38])))[: drawn[38] % 20]


def as_text(data: bytes) -> str:
    """Return bytes as a command line hands them over."""
    return data.decode(errors="surrogateescape")


def parse_statement(document: dict[str, Any]) -> object:
    """As `promote` reads one."""
    decision = statement.from_document(document)
    statement.require_promotable(decision, MODES, MODES, POLICY)
    return canonical_json(statement.to_document(decision)), statement.blocking(decision.verdicts)


def parse_verdict(document: dict[str, Any]) -> object:
    """As a command's answer is read and shown."""
    verdict = verdict_document.from_document(document)
    return verdict.outcome, verdict.decisive, verdict.blocks


KEYS = [OURS.key, public_key(P256_PUBLIC), SigstoreKey(KEYLESS)]


def parse_envelope(data: bytes) -> object:
    """As statements and entries are opened."""
    envelope.keyid_of(data)
    content = unseal(data, statement.PAYLOAD_TYPE, KEYS, "x")
    return envelope.signers(data), content


def parse_entry(document: dict[str, Any]) -> object:
    """As one that a trusted key has signed, at the place that it names or at the first."""
    seq = document.get("seq")
    place = seq if isinstance(seq, int) and 1 <= seq <= len(STORED) else 1
    try:
        signed = seal(document, ledger.PAYLOAD_TYPE, OURS.signer)
    except (ValueError, UnicodeEncodeError):  # what has no canonical form, nobody can sign
        return None
    objects = {each: data for each, data in STORED.items() if each < place} | {place: signed}
    history = ledger.read(MODEL, objects, [OURS.key])
    days = [date.fromisoformat(link.entry.time[:10]) for link in history.links]
    return [history.find(each.sha) for each in history.earlier()], days


def parse_approval(document: dict[str, Any]) -> object:
    """As one that two people have signed."""
    try:
        signed = seal(document, break_glass.PAYLOAD_TYPE, OURS.signer, OTHERS.signer)
    except (ValueError, UnicodeEncodeError):
        return None
    people = [TrustedKey(OURS.public, "Ada"), TrustedKey(OTHERS.public, "Grace")]
    approval = break_glass.read(signed, [OURS.key, OTHERS.key], people, "x")
    return approval.reason.strip(), approval.expired(approval.approved)


def parse_policy(document: dict[str, Any]) -> object:
    """As every command does."""
    parsed = policy.parse(document, POLICIES)
    return parsed.trusted_keys, parsed.waivers


def canonical_if_possible(document: dict[str, Any]) -> bytes:
    """Return a document as an envelope is written."""
    try:
        return canonical_json(document)
    except ValueError:
        return as_json(document)


def in_files(read: Callable[[], object], good: dict[Path, dict[str, Any]]) -> Fuzzed:
    """A parser of files, fed with damaged forms of them; one that is taken out of them is empty."""
    for path, document in good.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_json(document))

    def parse(contents: dict[str, Any]) -> object:
        for path in good:
            IN_MEMORY[path] = as_json(contents[str(path)]) if str(path) in contents else b""
        return read()

    return Fuzzed(parse, damage.documents({str(path): document for path, document in good.items()}))


def in_text(read: Read, path: Path, text: str) -> Fuzzed:
    """The same for a file that is no document."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def parse(data: bytes) -> object:
        path.write_bytes(data)
        return read(path)

    return Fuzzed(parse, damage.texts(text))


def pinned(project: checked.Project) -> Fuzzed:
    """`gates.lock`."""
    opened = project.opened()
    good = {"policy_sha256": opened.policy.sha256}
    return in_files(lambda: pin.require(opened), {project.root / pin.FILE: good})


def manifest(project: checked.Project) -> Fuzzed:
    """What a job hands on."""
    opened = project.opened()

    def read() -> object:
        document = handoff.read(opened, "data", "", [])
        return [handoff.text(document, field) for field in ("data_sha256", "data_md5", "remote")]

    return in_files(read, {project.root / "candidate/data.json": MANIFEST})


def facts(project: checked.Project) -> Fuzzed:
    """What git, MLflow and the train job say, and what DVC wrote and was told; tables are fuzzed apart."""
    stage = {
        "cmd": "python scripts/train.py",
        "deps": ["scripts/train.py"],
        "params": ["train.seed"],
        "outs": [],
    }
    project.write_document("dvc.yaml", {"stages": {"train": stage}})
    project.write_document("params.yaml", {"train": {"seed": 20}})
    for name in ("raw", "train", "features"):
        project.change(name, lambda rows: rows.head(1))
    project.lock()
    names = ("candidate/git.json", "candidate/run.json", "candidate/train.json", "dvc.lock", "dvc.yaml")
    git, run, handed_on, lock, pipeline = files = [project.root / name for name in names]
    raw, table, features = (project.path(name) for name in ("raw", "train", "features"))
    inputs = lineage.Inputs(git, run, handed_on, lock, pipeline, raw, table, features, "row_id")
    return in_files(
        lambda: lineage.measure(inputs),
        {path: project.document(name) for path, name in zip(files, names, strict=True)},
    )


def logged(project: checked.Project) -> Fuzzed:
    """The registered folder, which anybody may have written to."""
    folder = project.root / "logged"
    folder.mkdir()
    for each in model.LOGGED_FILES:
        (folder / each).write_text("{}")
    (folder / "requirements.txt").write_text("scikit-learn==1.9.0\n")
    good: dict[str, dict[str, Any]] = {
        "MLmodel": MLMODEL,
        "conda.yaml": CONDA,
        "signature.json": mlflow_models.SIGNATURE,
    }

    def read() -> object:
        model.require_plain_folder(folder, mlflow_models.TRUSTED)
        return model.input_columns(folder)

    return in_files(read, {folder / name: document for name, document in good.items()})


def training(project: checked.Project) -> Fuzzed:
    """What the stages leave to be recorded: parameters, staged metrics, and DVC's pointer of the data."""
    lock, metrics, raw = (project.root / name for name in ("dvc.lock", "metrics/x.json", "data/raw/x.csv"))

    def read() -> object:
        return train._params(lock), train._staged(documents.read_json(metrics), "x.json"), dvc.pointer(raw)

    pointer = raw.with_name("x.csv.dvc")
    return in_files(read, {lock: project.document("dvc.lock"), metrics: METRICS, pointer: POINTER})


def serving(project: checked.Project) -> Fuzzed:
    """Who serves, as the judge job hands it to the gate; nobody was scored beside the challenger."""
    project.change("predictions", lambda scores: scores.drop(columns="champion").head(1))
    path = project.root / "candidate/serving.json"
    inputs = champion.Inputs(
        predictions=project.path("predictions"),
        labels=project.path("labels"),
        features=project.path("features"),
        serving=path,
        key="row_id",
        label="churn",
    )
    return in_files(lambda: champion.measure(inputs), {path: {"champion": None, "rolled_back": False}})


def named(project: checked.Project) -> Fuzzed:
    """Figures of named metrics, as the process that took them leaves them to the gates."""
    small = project.root / "small"
    small.write_bytes(b"rows")
    files = WeighedFiles(predictions=small, labels=small, features=small, key="row_id", label="churn")
    better = Improvement(Interval(0.1, 0.0, 0.2), 0.01)
    figure = Figure(Interval(0.7, 0.6, 0.8), 0.6, better)
    document = named_figures.to_document(
        {"f1": {"": figure, "female=1": Figure(Interval(0.5, 0.4, 0.6))}}, files
    )
    path = project.root / "candidate/metrics.json"
    return in_files(lambda: named_figures.read(path, files), {path: document})


# ---------------------------------------------------------------- all of them

PARSERS: dict[str, Callable[[checked.Project], Fuzzed]] = {
    "JSON": lambda _: Fuzzed(
        lambda data: documents.parse_json(data, "x"),
        damage.one_of(damage.texts(json.dumps(STATEMENTS[1])), damage.documents(PARAMS, then=as_json)),
    ),
    "YAML": lambda _: Fuzzed(lambda data: documents.parse_yaml(data, "x"), damage.texts(*YAML_TEXTS)),
    "envelope": lambda _: Fuzzed(
        parse_envelope,
        damage.one_of(
            damage.documents(*ENVELOPES, then=canonical_if_possible),
            damage.texts(canonical_json(ENVELOPE).decode()),
        ),
    ),
    "statement": lambda _: Fuzzed(parse_statement, damage.documents(*STATEMENTS)),
    "verdict": lambda _: Fuzzed(parse_verdict, damage.documents(*VERDICTS)),
    "ledger entry": lambda _: Fuzzed(parse_entry, damage.documents(*ENTRIES)),
    "checkpoint": lambda _: Fuzzed(
        lambda document: checkpoint.require_reaches(HISTORY, document, "it"), damage.documents(CHECKPOINT)
    ),
    "approval": lambda _: Fuzzed(parse_approval, damage.documents(break_glass.to_document(APPROVAL))),
    "policy": lambda _: Fuzzed(parse_policy, damage.documents(PARAMS)),
    "gates.lock": pinned,
    "manifest": manifest,
    "lineage": facts,
    "training": training,
    "named figures": named,
    "who serves": serving,
    "latency": lambda project: in_files(
        lambda: latency.measure(latency.Inputs(project.root / "x.json")), {project.root / "x.json": BENCHMARK}
    ),
    "contract": lambda project: in_files(
        lambda: read_contract(project.root / "x.yaml"), {project.root / "x.yaml": CONTRACT}
    ),
    "registered model": logged,
    "DVC configuration": lambda project: in_text(
        lambda path: dvc.remote(path.parents[1]), project.root / ".dvc/config", DVC_CONFIG
    ),
    "table": lambda project: in_text(tables.read_table, project.root / "x.csv", CSV),
    "private key": lambda _: Fuzzed(lambda data: keys._parse(data, "x"), damage.texts(PEM)),
    "path": lambda _: Fuzzed(
        paths.require_plain, damage.one_of(characters, damage.texts("data/raw/churn.csv", then=as_text))
    ),
    "moment": lambda _: Fuzzed(audit._moment, damage.texts("2026-11-20T03:00Z", then=as_text)),
    "version or SHA": lambda _: Fuzzed(HISTORY.find, damage.texts("v1", examples.sha(1), then=as_text)),
}


def without_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be looked for on a disk 10,000 times: documents, tables, a module that is not there."""
    IN_MEMORY.clear()
    from_disk = paths.read_bytes
    monkeypatch.setattr(
        documents,
        "read_bytes",
        lambda path, most: IN_MEMORY[path] if path in IN_MEMORY else from_disk(path, most),
    )
    monkeypatch.setattr(lineage, "read_table", functools.cache(tables.read_table))
    monkeypatch.setattr(golden_rows, "read_columns", functools.cache(tables.read_columns))
    monkeypatch.setattr(lineage, "_overlap", lambda *_: {})
    monkeypatch.setitem(sys.modules, "geopandas", None)  # pandera looks for it again, for each column


@pytest.mark.parametrize("name", PARSERS)
def test_only_our_errors_escape(project: checked.Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Taken or refused, 10,000 times; some of each, or the examples would reach nothing."""
    without_disk(monkeypatch)
    fuzzed = PARSERS[name](project)
    told = {True: 0, False: 0}

    for number in range(EXAMPLES):
        given = fuzzed.damaged(random.Random(number).randbytes(damage.DRAWN))  # noqa: S311 - no secret
        try:
            fuzzed.parse(given)
        except GatesError:
            told[False] += 1
        except Exception as error:
            error.add_note(f"example {number}: {given!r}")
            raise
        else:
            told[True] += 1
    assert min(told.values()) > 0
