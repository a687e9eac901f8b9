"""What the command line takes: the options that several commands share, and the forms of their values."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from click.core import ParameterSource

from gates import checks
from gates.errors import InvalidError


class Text(click.ParamType[str]):
    """Text of a form that a pattern knows and a few words explain."""

    name = "text"

    def __init__(self, pattern: str, means: str) -> None:
        """Take what matches the whole pattern."""
        self.pattern = pattern
        self.means = means

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text as it is, or say what it should be."""
        if not re.fullmatch(self.pattern, value):
            self.fail(f"{value[:80]!r} is not {self.means}.", param, ctx)
        return value


class Lines(click.types.StringParamType):
    """Text; the variable of a list holds one value a line, since a value may hold spaces."""

    def split_envvar_value(self, rv: str) -> list[str]:
        """Split at line ends instead of click's spaces."""
        return [line for line in rv.splitlines() if line]


class Table(click.Path):
    """A file or folder of this machine, or the address of a folder in a bucket, which stays text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's own
        """Return a path, or the address as it is."""
        if re.fullmatch(r"s3://[a-z0-9.-]{3,63}(?:/[^\x00-\x1f\x7f]*)?", str(value)):
            return str(value)
        return super().convert(value, param, ctx)


TABLE = Table(path_type=Path)
DIGEST = Text("(?:[0-9a-f]{64})?", "a digest, 64 hex digits")
COMMIT = Text("(?:[0-9a-f]{40,64})?", "a commit, 40 to 64 hex digits")
SERVING = Text("(?:v?[0-9]{1,9}|[0-9a-f]{7,64})?", "a version, or a SHA or digest of 7 to 64 hex digits")
SENTENCE = Text(r"[^\x00-\x1f\x7f-\x9f]{0,500}", "one line of at most 500 characters")
REASON = Text(r"(?=.*\S)[^\x00-\x1f\x7f-\x9f]{1,500}", "a reason on one line of at most 500 characters")
EXPECT = click.option(
    "--expect",
    type=DIGEST,
    default="",
    help="Digest that the job before handed on: `digest` in its answer as JSON, or its step's output.",
)
APPLY = click.option(
    "--apply", is_flag=True, help="Carry the plan out; without it, it is only told and nothing moves."
)
HOURS_A_DAY = 24


class Duration(click.ParamType[timedelta]):
    """How long, as 24h or 3d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401 - click's own
        """Return the time, or say how it is written."""
        found = re.fullmatch("([1-9][0-9]{0,3})([hd])", value)
        if not found:
            self.fail(f"{value[:80]!r} is not a time such as 24h or 3d.", param, ctx)
        return timedelta(hours=int(found[1]) * (HOURS_A_DAY if found[2] == "d" else 1))


ENGINE = click.option(
    "--engine",
    type=Text(r"local|ray|ray://[\w.:\[\]-]{1,253}", "local, ray or ray://host:port"),
    default="local",
    help="What reads tables: local (the default), ray on this machine, or a cluster at ray://host:port.",
)
TODAY = click.option("--today", default="", help="Day of the judgement, YYYY-MM-DD; today where left out.")
APPROVER = click.option(
    "--approver", type=SENTENCE, default="", help="Who approves a first model, where the policy asks for it."
)

UNTIL = click.option(
    "--until",
    type=click.Choice(["data", "train", "predict", "judge", "promote"]),
    default="promote",
    help="Last job to run; before promote, nothing is promoted or noted in the ledger.",
)


def of_input(field: checks.InputField, *, folder: bool = False) -> Callable[[Any], Any]:
    """Return the command-line flag of a gate's input; whether a file may be a table of many files."""
    kinds: dict[Any, Any] = {int: int, float: float}
    kind: click.ParamType[Any] | type
    if field.is_file:
        kind = TABLE if folder else click.Path(dir_okay=False, path_type=Path)
    elif get_origin(field.type) is Literal:
        kind = click.Choice(get_args(field.type))
    else:
        kind = kinds.get(field.type, Lines())
    name = f"--{field.name.replace('_', '-')}"
    return click.option(
        name, field.name, type=kind, multiple=field.is_list, help=f"{field.help[0].upper()}{field.help[1:]}."
    )


# What moves something, holds for one run alone, or is told apart from the flags.
NOT_TYPED_AGAIN = {
    "project",
    "as_json",
    "apply",
    "repair",
    "pins",
    "private",
    "expect",
    "expect_train",
    "expect_data",
}


def given(context: click.Context) -> list[str]:
    """Return what a command was given, by its line or by variables, as words for a person to type again."""
    words = []
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name in NOT_TYPED_AGAIN or source in {None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP}:
            continue
        value = context.params[name]
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(parameter, click.Argument):
                words.append(str(each))
            else:
                words.append(parameter.opts[0] if each is True else f"{parameter.opts[0]}={each}")
    return words


def day(text: str) -> date:
    """Return the day that a flag names; today where it names none.

    Raises:
        InvalidError: It is not a day.
    """
    from gates.run.project import now

    try:
        return date.fromisoformat(text) if text else now().date()
    except ValueError as error:
        raise InvalidError(f"--today {text!r} is not a day.", do="Write it as YYYY-MM-DD.") from error


INIT = (
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        required=True,
        help="The table that you train on, CSV or Parquet, in data/raw/.",
    ),
    click.option("--label", type=Lines(), required=True, help="The column to predict."),
    click.option("--key", type=Lines(), help="The column that names a row; made where left out."),
    click.option("--model", type=Lines(), default="", help="Name in the registry; the folder's if left out."),
    click.option(
        "--task",
        type=click.Choice(["binary", "multiclass", "regression"]),
        help="Guessed from the label where left out.",
    ),
    click.option(
        "--group", "groups", type=Lines(), multiple=True, help="A column whose values are groups of people."
    ),
    click.option(
        "--fit",
        type=Lines(),
        default="train:fit",
        help="Your function of features and labels that returns the fitted model, as module:function.",
    ),
)
BREAK_GLASS = (
    click.option("--break-glass", is_flag=True, help="Let in what is no pass, on the word of two people."),
    click.option(
        "--approver",
        type=Lines(),
        multiple=True,
        help="Break-glass: signer of an approver, such as file:ada.pem.",
    ),
    click.option("--reason", type=SENTENCE, default="", help="Break-glass: one sentence for the auditor."),
    click.option("--expires", type=Duration(), help="Break-glass: until it is rolled back, such as 24h."),
)


def glass(
    broken: bool,  # noqa: FBT001 - the flag itself
    approvers: tuple[str, ...],
    reason: str,
    expires: timedelta | None,
) -> tuple[tuple[str, ...], str, timedelta] | None:
    """Return what the flags of a break-glass say together; None where none is asked for.

    Raises:
        InvalidError: One of them is missing, or stands alone.
    """
    given = {"--approver": approvers, "--reason": reason.strip(), "--expires": expires}
    if not broken:
        if any(given.values()):
            raise InvalidError(
                f"{next(flag for flag, value in given.items() if value)} belongs to --break-glass.",
                do="A passing decision needs none: gates promote --apply",
            )
        return None
    if expires is None or not all(given.values()):
        missing = next(flag for flag, value in given.items() if not value)
        raise InvalidError(
            f"A break-glass needs {missing}.",
            do="gates promote --break-glass --approver A --approver B --reason … --expires 24h",
        )
    return approvers, reason, expires
