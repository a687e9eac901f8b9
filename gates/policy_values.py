"""The values of the policy: the form of each, in words that an error can tell."""

import re
import shlex
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from gates.errors import InvalidError
from gates.paths import require_plain
from gates.public_keys import P256, public_key

# What is in quotes or behind a backslash is meant as it stands; of the rest, what only a shell understands.
_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.""", re.DOTALL)
_SHELL = re.compile(r"&&|\|\||[;&|<>`$]|^\s*\w+=")


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
    if not isinstance(command, str):
        return tuple(command) if isinstance(command, list) else command
    if only_of_a_shell := _SHELL.search(_QUOTED.sub("x", command)):
        instead = "a script, sh -c '…', or in quotes if it is meant as it stands"
        raise ValueError(f"has a `{only_of_a_shell[0].strip()}`, and no shell runs it: {instead}")
    return tuple(shlex.split(command))


def matching(pattern: str, means: str) -> AfterValidator:
    """Return a validator for a text's whole form; ``means`` says it in words, which a pattern does not."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should be {means}")
        return text

    return AfterValidator(check)


Task: TypeAlias = Literal["binary", "multiclass", "regression", "ranking"]
ANSWERS_NUMBERS: frozenset[Task] = frozenset(
    {"regression", "ranking"}
)  # by `predict`; others by `predict_proba`
Sha256: TypeAlias = Annotated[str, matching("[0-9a-f]{64}", "64 hex digits in lower case")]
Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Amount: TypeAlias = Annotated[float, Field(ge=0)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
LEAST_GROUPS = 30  # fewer, drawn as they are, give intervals that are far too narrow
Name: TypeAlias = Annotated[str, Field(min_length=1)]
PlainPath: TypeAlias = Annotated[str, AfterValidator(_plain_path)]
Uri: TypeAlias = Annotated[str, matching(r"[!-~]+", "a URI")]
# A folder, or a bucket: no other scheme.
PLACE = r"s3://[^\x00-\x1f]+|(?![A-Za-z][A-Za-z0-9+.-]*://)[^\x00-\x1f]+"
Slice: TypeAlias = Annotated[str, matching("[^=]+=.+", "a slice written as column=value")]
ClassWeight: TypeAlias = Annotated[
    str, matching(r".+=(\d+(\.\d+)?|\.\d+)", "a weight of a class written as class=weight")
]
Function: TypeAlias = Annotated[
    str, matching(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*", "a function written as module:function")
]
Criterion: TypeAlias = Annotated[
    str, matching("(latency|cost|[^=]+=.+)?", "latency, cost or a slice written as column=value")
]
Sentence: TypeAlias = Annotated[str, matching(r"(?s).*\S.{8,}\S.*", "a sentence of at least 10 characters")]
Day: TypeAlias = Annotated[date, BeforeValidator(_day)]
Key: TypeAlias = Annotated[str, AfterValidator(_key)]
Word: TypeAlias = Annotated[Name, matching(r"[^\x00]*", "without a NUL")]
Command: TypeAlias = Annotated[
    tuple[Word, ...],
    BeforeValidator(_words),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
