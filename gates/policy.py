"""The `gates:` block of params.yaml: one frozen, strict model a gate, every mistake reported at once."""

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self, TypeAlias, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gates import digest
from gates.documents import Document
from gates.errors import InvalidError
from gates.paths import require_plain
from gates.public_keys import P256, public_key
from gates.trust import Identity, TrustedKey
from gates.verdict import Mode, Waiver

VERSION = 1
SIGNERS = ("file", "awskms", "sigstore")
GITHUB = "https://token.actions.githubusercontent.com"
SHOWN_CHARACTERS = 80


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


def matching(pattern: str, means: str) -> AfterValidator:
    """Return a validator for a text's whole form; ``means`` says it in words, which a pattern does not."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should be {means}")
        return text

    return AfterValidator(check)


Sha256: TypeAlias = Annotated[str, matching("[0-9a-f]{64}", "64 hex digits in lower case")]
Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Name: TypeAlias = Annotated[str, Field(min_length=1)]
PlainPath: TypeAlias = Annotated[str, AfterValidator(_plain_path)]
Uri: TypeAlias = Annotated[str, matching(r"[!-~]+", "a URI")]
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


_Block = TypeVar("_Block", bound=Strict)


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
    """How many golden rows are kept with their scores, and how closely a rollback has to reproduce them."""

    rows: Annotated[int, Field(ge=0, le=10_000)] = 200
    tolerance: Annotated[float, Field(ge=0, le=1)] = 1e-6


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
        str, matching("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", "a name of at most 63 letters, digits, . _ -")
    ]
    ledger: Annotated[str, matching(r"[^\x00-\x1f]+", "a folder")] = ".gates/ledger"
    decision_days: Count = 1
    break_glass_hours: Count = 72
    drill_limit_s: Annotated[float, Field(gt=0)] = 180
    checkpoints: Annotated[str, matching(r"[^\x00-\x1f]*", "a folder, a bucket or git notes")] = ""
    ledger_objects: LedgerObjects = LedgerObjects()
    signer: Annotated[
        str, matching(r"((file|awskms):[^\x00-\x1f]+|sigstore:)", "file:PATH, awskms:KEY or sigstore:")
    ] = "file:.gates/key.pem"
    trusted_keys: tuple[KeyPolicy, ...] = ()
    sigstore: SigstoreInstance | None = None
    trusted_types: tuple[Name, ...]
    data: DataFiles
    golden_set: GoldenSet
    training: Training
    replay: Replay = Replay()
    waivers: tuple[WaiverPolicy, ...] = ()

    @field_validator("trusted_keys")
    @classmethod
    def _once(cls, keys: tuple[KeyPolicy, ...]) -> tuple[KeyPolicy, ...]:
        for key, times in Counter(each.trusted.key for each in keys).items():
            if times > 1:  # which of two terms holds would be a matter of order
                raise ValueError(f"the key {key[:16]}… is listed twice")
        return keys


@dataclass(frozen=True)
class Policy:
    """The whole policy.

    Attributes:
        project: Names, files and waivers.
        gates: Gate name to its block, in the order of params.yaml.
        document: The block as it stands in params.yaml.
        sha256: Digest of the block's canonical JSON: which policy judged.
    """

    project: Project
    gates: Mapping[str, GatePolicy]
    document: Document
    sha256: str

    @property
    def trusted_keys(self) -> tuple[TrustedKey, ...]:
        """The verifying keys, with the days for which they are believed."""
        return tuple(each.trusted for each in self.project.trusted_keys)

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers as the verdict knows them."""
        return tuple(Waiver(**waiver.model_dump()) for waiver in self.project.waivers)


def parse(params: Document, models: Mapping[str, type[GatePolicy]], name: str = "params.yaml") -> Policy:
    """Return the policy in the `gates:` block of a parameter file.

    Args:
        params: The whole document.
        models: Gate name to the model of its block; every gate must have a block.
        name: What an error calls the file.

    Raises:
        InvalidError: With every mistake and its address, such as ``gates.latency.p99_ms``.
    """
    block = params.get("gates")
    if not isinstance(block, dict):
        raise InvalidError(
            f"{name} has no `gates:` block.",
            why="The policy that judges a model stands there.",
            do="Copy the block of ml-gates' own params.yaml and change its values.",
        )
    mistakes: list[str] = []
    shared = {key: value for key, value in block.items() if key not in models}
    if isinstance(listed := shared.get("trusted_keys"), list):
        shared["trusted_keys"] = [{"key": each} if isinstance(each, str) else each for each in listed]
    project = _validate(Project, shared, "gates", mistakes, also=tuple(models))
    found: dict[str, GatePolicy] = {}
    for gate in sorted(models, key=lambda gate: list(block).index(gate) if gate in block else len(block)):
        if gate not in block:
            mistakes.append(
                f"gates.{gate}: missing; to see it without blocking write `{gate}: {{mode: report, …}}`"
            )
        elif parsed := _validate(models[gate], block[gate], f"gates.{gate}", mistakes):
            found[gate] = parsed
    if project:
        mistakes += _stray_waivers(project, models)
    if mistakes or project is None:
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
        raise InvalidError(
            f"{name} has {count}:\n  " + "\n  ".join(mistakes), do=f"Correct {name}, then: gates policy"
        )
    return Policy(project, found, block, digest.of_document(block))


def require_valid(gate: str, block: GatePolicy, given: Mapping[str, Any]) -> None:
    """Hold values that stand in for those of a gate's block against that block's own limits.

    Raises:
        InvalidError: With every mistake.
    """
    declared = block.model_dump(mode="json")
    # Of a mapping, only the names are given; the limits stay the policy's.
    values = {
        name: dict.fromkeys(value, 0.0) if isinstance(declared[name], dict) else value
        for name, value in given.items()
        if name in declared
    }
    mistakes: list[str] = []
    _validate(type(block), {**declared, **values}, gate, mistakes)
    if mistakes:
        raise InvalidError("; ".join(mistakes), do=f"gates {gate} --help")


def _validate(
    model: type[_Block], block: object, address: str, mistakes: list[str], also: tuple[str, ...] = ()
) -> _Block | None:
    try:
        return model.model_validate_json(json.dumps(block))
    except ValidationError as error:
        mistakes += [_mistake(each, model, address, also) for each in error.errors(include_url=False)]
        return None


def _mistake(error: Any, model: type[Strict], address: str, also: tuple[str, ...]) -> str:  # noqa: ANN401 - pydantic's own record
    where = ".".join([address, *map(_shown, error["loc"])])
    if error["type"] == "missing":
        return f"{where}: missing"
    if error["type"] == "extra_forbidden":
        known = [*_fields(model, error["loc"][:-1]), *(also if len(error["loc"]) == 1 else ())]
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known))}"
        return f"{where}: unknown; {hint}"
    message = error["msg"].removeprefix("Value error, ")
    return (
        f"{where}: {message[0].lower()}{message[1:]}, got {_shown(json.dumps(error['input'], default=str))}"
    )


def _shown(value: object) -> str:
    text = str(value) if str(value).isprintable() else repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


def _fields(model: type[Strict], path: tuple[str | int, ...]) -> Iterator[str]:
    """Yield the field names of the block at ``path`` below a model, as far as it is one of ours."""
    current: Any = model
    for step in path:
        if isinstance(step, int):
            current = next(iter(get_args(current)), current)
        elif field := getattr(current, "model_fields", {}).get(step):
            current = field.annotation
    yield from getattr(current, "model_fields", {})


def _stray_waivers(project: Project, models: Mapping[str, type[GatePolicy]]) -> Iterator[str]:
    for position, waiver in enumerate(project.waivers):
        if waiver.gate not in models:
            near = difflib.get_close_matches(waiver.gate, models, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            yield f"gates.waivers.{position}.gate: there is no gate {waiver.gate!r}{hint}"
