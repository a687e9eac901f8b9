"""The blocks of the policy: what each may say, in the form that pydantic holds them to."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gates.policy_values import (
    PLACE,
    ClassWeight,
    Command,
    Count,
    Day,
    Function,
    Key,
    Name,
    PlainPath,
    Sentence,
    Sha256,
    Task,
    Uri,
    matching,
)
from gates.trust import Identity, TrustedKey
from gates.verdict import Mode

Direction: TypeAlias = Literal["larger", "smaller", ""]
VERSION = 1
TASKS: tuple[Task, ...] = get_args(Task)
SIGNERS = ("file", "awskms", "sigstore")
SCRATCH = ".drill"  # ends the name of the model that a drill makes and deletes
GITHUB = "https://token.actions.githubusercontent.com"


def _known_version(version: int) -> int:
    if version != VERSION:
        raise ValueError(f"this ml-gates knows version {VERSION} only")
    return version


def _no_scratch(model: str) -> str:
    if model.lower().endswith(SCRATCH):
        raise ValueError(f"a name that ends in {SCRATCH} is that of another model's rehearsal")
    return model


class Strict(BaseModel):
    """A block of the policy: frozen; unknown keys, wrong types, NaN and infinity are refused."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class GatePolicy(Strict):
    """What every gate's block may say.

    Attributes:
        mode: ``block`` stops a promotion; ``report`` only tells, loudly.
    """

    mode: Mode = "block"

    @property
    def metrics_held(self) -> Mapping[str, Direction]:
        """Names of the metrics that the block asks for, each with the direction that it takes for granted."""
        return {}

    @property
    def slices_held(self) -> Mapping[str, tuple[str, ...]]:
        """Name of a metric to the slices on which the block asks for it."""
        return {}


class LivePolicy(GatePolicy):
    """The block of a gate that looks at live traffic, not at a candidate: no promotion asks for its verdict.

    A project need not have the block: the defaults hold.
    """


class OptionalPolicy(GatePolicy):
    """The block of a gate that judges a candidate only where the policy has the block."""


class DataFiles(Strict):
    """Where the data lies, relative to the project."""

    raw: PlainPath
    train: PlainPath
    key: Name
    label: Name


class GoldenSet(Strict):
    """The frozen golden set: features and labels apart, both pinned, and the day on which it was made.

    Attributes:
        group: A feature that tells which rows belong together: a ranking's query, or one customer's rows.
        weight: A feature that tells how much a row counts.
        class_weights: How much a row counts by its label, each as class=weight.
    """

    made: Day | None = None
    group: str = ""
    weight: str = ""
    class_weights: tuple[ClassWeight, ...] = ()
    version: Annotated[str, matching("v[0-9]+", "a version such as v1")]
    features: PlainPath
    features_sha256: Sha256
    labels: PlainPath
    labels_sha256: Sha256

    @field_validator("class_weights")
    @classmethod
    def _weighed_once(cls, class_weights: tuple[str, ...]) -> tuple[str, ...]:
        names = [each.rpartition("=")[0] for each in class_weights]
        if twice := sorted({each for each in names if names.count(each) > 1}):
            raise ValueError(f"weighs the class {twice[0]!r} twice")
        return class_weights

    @field_validator("labels")
    @classmethod
    def _apart(cls, labels: str, info: ValidationInfo) -> str:
        if labels == info.data.get("features"):
            raise ValueError(
                "labels and features are one file; whoever loads a model must not see the labels"
            )
        return labels


class MetricPolicy(Strict):
    """A metric of the team's own.

    Attributes:
        function: Takes labels, predictions and weights and returns one number, as module:function.
        better: Which of two values is the better one.
    """

    function: Function
    better: Literal["larger", "smaller"]


class Training(Strict):
    """What the train stage writes: the folder that answers requests, and the staged metrics."""

    model: PlainPath
    metrics: PlainPath


class KeyPolicy(Strict):
    """A verifying key as it stands in the policy, where the key alone may be written as text.

    Who signs keyless has an identity and its issuer in place of a key. A workflow of GitHub has a repository
    too: it may be a reusable one, which others call, and they sign by the same name.
    """

    key: Key | None = None
    identity: Uri | None = None
    issuer: Uri | None = None
    repository: Uri | None = None
    owner: str = ""
    start: Annotated[Day | None, Field(alias="from")] = None
    until: Day | None = None
    revoked: Day | None = None

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

    lint: Command = ()
    tests: Command = ()


class WaiverPolicy(Strict):
    """A waiver as it stands in the policy; see `gates.verdict.Waiver`."""

    gate: Name
    finding: Name
    reason: Sentence
    owner: Annotated[str, matching(r"(?s).*\S.*\S.*", "a name")]
    expires: Day


class Project(Strict):
    """The policy's part that is about the project and not about one gate."""

    version: Annotated[int, AfterValidator(_known_version)]
    model: Annotated[
        str,
        matching("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", "a name of at most 63 letters, digits, . _ -"),
        AfterValidator(_no_scratch),
    ]
    task: Task = "binary"
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
    metrics: dict[Name, MetricPolicy] = Field(default_factory=dict)
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
