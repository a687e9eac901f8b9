"""The blocks of the policy: what each may say, in the form that pydantic holds them to."""

import re
import shlex
from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gates.errors import InvalidError
from gates.paths import require_plain
from gates.public_keys import P256, public_key
from gates.trust import Identity, TrustedKey
from gates.verdict import Mode

VERSION = 1
Task: TypeAlias = Literal["classification", "regression"]
TASKS: tuple[Task, ...] = get_args(Task)
SIGNERS = ("file", "awskms", "sigstore")
SCRATCH = ".drill"  # ends the name of the model that a drill makes and deletes
GITHUB = "https://token.actions.githubusercontent.com"


def _known_version(version: int) -> int:
    if version != VERSION:
        raise ValueError(f"this ml-gates knows version {VERSION} only")
    return version


def _plain_path(path: str) -> str:
    try:
        return require_plain(path)
    except InvalidError as error:
        raise ValueError(error.what.rstrip(".")) from error


def _day(value: object) -> object:
    # Pydantic would also take a text of digits, as seconds since 1970.
    if isinstance(value, str) and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("a day is written as YYYY-MM-DD")
    return date.fromisoformat(value) if isinstance(value, str) else value


def _key(text: str) -> str:
    try:
        if not re.fullmatch(f"(?:{P256}0[23])?[0-9a-f]{{64}}", text):
            raise ValueError
        if text.startswith(P256):
            public_key(text)
    except ValueError:
        means = f"64 hex digits in lower case, or {P256} and a compressed point of P-256"
        raise ValueError(f"should be what `gates key` prints: {means}") from None
    return text


def _words(command: object) -> object:
    words = shlex.split(command) if isinstance(command, str) else command
    return tuple(words) if isinstance(words, list) else words


def _no_scratch(model: str) -> str:
    if model.lower().endswith(SCRATCH):
        raise ValueError(f"a name that ends in {SCRATCH} is that of another model's rehearsal")
    return model


def matching(pattern: str, means: str) -> AfterValidator:
    """Return a validator for a text's whole form; ``means`` says it in words, which a pattern does not."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should be {means}")
        return text

    return AfterValidator(check)


Sha256: TypeAlias = Annotated[str, matching("[0-9a-f]{64}", "64 hex digits in lower case")]
Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Amount: TypeAlias = Annotated[float, Field(ge=0)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Name: TypeAlias = Annotated[str, Field(min_length=1)]
PlainPath: TypeAlias = Annotated[str, AfterValidator(_plain_path)]
Uri: TypeAlias = Annotated[str, matching(r"[!-~]+", "a URI")]
# A folder, or a bucket: no other scheme.
PLACE = r"s3://[^\x00-\x1f]+|(?![A-Za-z][A-Za-z0-9+.-]*://)[^\x00-\x1f]+"
Slice: TypeAlias = Annotated[str, matching("[^=]+=.+", "a slice written as column=value")]
Sentence: TypeAlias = Annotated[str, matching(r"(?s).*\S.{8,}\S.*", "a sentence of at least 10 characters")]


class Strict(BaseModel):
    """A block of the policy: frozen; unknown keys, wrong types, NaN and infinity are refused."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class GatePolicy(Strict):
    """What every gate's block may say.

    Attributes:
        mode: ``block`` stops a promotion; ``report`` only tells, loudly.
    """

    mode: Mode = "block"


class DataFiles(Strict):
    """Where the data lies, relative to the project."""

    raw: PlainPath
    train: PlainPath
    key: Name
    label: Name


class GoldenSet(Strict):
    """The frozen golden set: features and labels apart, both pinned."""

    version: Annotated[str, matching("v[0-9]+", "a version such as v1")]
    features: PlainPath
    features_sha256: Sha256
    labels: PlainPath
    labels_sha256: Sha256

    @field_validator("labels")
    @classmethod
    def _apart(cls, labels: str, info: ValidationInfo) -> str:
        if labels == info.data.get("features"):
            raise ValueError(
                "labels and features are one file; whoever loads a model must not see the labels"
            )
        return labels


class Training(Strict):
    """What the train stage writes: the folder that answers requests, and the staged metrics."""

    model: PlainPath
    metrics: PlainPath


class KeyPolicy(Strict):
    """A verifying key as it stands in the policy, where the key alone may be written as text.

    Who signs keyless has an identity and its issuer in place of a key. A workflow of GitHub has a repository
    too: it may be a reusable one, which others call, and they sign by the same name.
    """

    key: Annotated[str, AfterValidator(_key)] | None = None
    identity: Uri | None = None
    issuer: Uri | None = None
    repository: Uri | None = None
    owner: str = ""
    start: Annotated[date | None, BeforeValidator(_day), Field(alias="from")] = None
    until: Annotated[date | None, BeforeValidator(_day)] = None
    revoked: Annotated[date | None, BeforeValidator(_day)] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        identity = (self.identity, self.issuer, self.repository)
        if self.key and any(identity):
            raise ValueError("has a key and an identity; list them apart")
        if not self.key and not (self.identity and self.issuer):
            raise ValueError("needs a key, or an identity with its issuer")
        if self.issuer == GITHUB and not self.repository:
            raise ValueError("needs its repository: others may call the workflow too")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.until and self.start > self.until:
            raise ValueError(f"begins on {self.start}, after its last day {self.until}")
        return self

    @property
    def trusted(self) -> TrustedKey:
        """The key with the days for which it is believed."""
        term = (self.owner, self.start, self.until, self.revoked)
        if self.key:
            return TrustedKey(self.key, *term)
        identity = Identity(self.identity or "", self.issuer or "", self.repository or "")
        return TrustedKey(identity.keyid, *term, identity)


class SigstoreInstance(Strict):
    """A Sigstore instance other than the public one: its trust config, pinned as what judges is."""

    trust_config: PlainPath
    trust_config_sha256: Sha256


class LedgerObjects(Strict):
    """How a ledger in S3 keeps its objects: for how many years locked, and encrypted by which KMS key."""

    lock_years: Annotated[int, Field(ge=0, le=100)] = 0
    kms_key: str = ""


class Replay(Strict):
    """How many golden rows are kept with their scores, and how closely a rollback has to reproduce them.

    Attributes:
        rows: How many are kept.
        tolerance: By how much a probability may differ; a prediction, as a share of the kept ones' spread.
    """

    rows: Annotated[int, Field(ge=0, le=10_000)] = 200
    tolerance: Annotated[float, Field(ge=0, le=1)] = 1e-6


class AlertPolicy(Strict):
    """When an alert rolls back: not while the figures of who has just begun to serve still settle."""

    burn_in_minutes: Annotated[float, Field(ge=0, le=1440)] = 10


class Review(Strict):
    """The project's own commands that look at a change; a text is split into words, and no shell runs it."""

    lint: Annotated[tuple[Name, ...], BeforeValidator(_words)] = ()
    tests: Annotated[tuple[Name, ...], BeforeValidator(_words)] = ()


class WaiverPolicy(Strict):
    """A waiver as it stands in the policy; see `gates.verdict.Waiver`."""

    gate: Name
    finding: Name
    reason: Sentence
    owner: Annotated[str, matching(r"(?s).*\S.*\S.*", "a name")]
    expires: Annotated[date, BeforeValidator(_day)]


class Project(Strict):
    """The policy's part that is about the project and not about one gate."""

    version: Annotated[int, AfterValidator(_known_version)]
    model: Annotated[
        str,
        matching("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", "a name of at most 63 letters, digits, . _ -"),
        AfterValidator(_no_scratch),
    ]
    task: Task = "classification"
    ledger: Annotated[str, matching(PLACE, "a folder or s3://bucket/prefix")] = ".gates/ledger"
    decision_days: Count = 1
    break_glass_hours: Count = 72
    drill_limit_s: Annotated[float, Field(gt=0)] = 180
    checkpoints: Annotated[str, matching(r"[^\x00-\x1f]*", "a folder, a bucket or git notes")] = ""
    ledger_objects: LedgerObjects = LedgerObjects()
    signer: Annotated[
        str, matching(r"((file|awskms):[^\x00-\x1f]+|sigstore:)", "file:PATH, awskms:KEY or sigstore:")
    ] = "file:.gates/key.pem"
    trusted_keys: tuple[KeyPolicy, ...] = ()
    approvers: tuple[KeyPolicy, ...] = ()
    sigstore: SigstoreInstance | None = None
    trusted_types: tuple[Name, ...]
    data: DataFiles
    golden_set: GoldenSet
    training: Training
    replay: Replay = Replay()
    alerts: AlertPolicy = AlertPolicy()
    review: Review = Review()
    waivers: tuple[WaiverPolicy, ...] = ()

    @field_validator("trusted_keys", "approvers")
    @classmethod
    def _once(cls, keys: tuple[KeyPolicy, ...], info: ValidationInfo) -> tuple[KeyPolicy, ...]:
        # Who approves signs nothing else, and who signs decisions approves none.
        others = info.data.get("trusted_keys", ())
        for key, times in Counter(each.trusted.key for each in (*others, *keys)).items():
            if times > 1:  # which of two terms holds would be a matter of order
                raise ValueError(f"the key {key[:16]}… is listed twice")
        return keys
