"""What Alertmanager tells: the body of its webhook, version 4, as far as a rollback asks for it.

What else it holds is not read, so that a newer Alertmanager may add to it.
"""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from gates.documents import Document
from gates.errors import InvalidError

NAME = "--payload"
MOST_MISTAKES = 5
SHOWN_CHARACTERS = 80
_DO = "Send the body of Alertmanager's webhook as it is; docs/alerts.md shows how."
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})")


def _moment(text: object) -> object:
    # Pydantic would also take a number, as seconds since 1970.
    wrong = "should be a moment such as 2026-11-20T03:00:00Z"
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        raise ValueError(wrong)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:  # at the edge of the calendar, in another zone
        raise ValueError(wrong) from error


class _Told(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Alert(_Told):
    """One alert.

    Attributes:
        status: Whether its condition holds.
        labels: What it is about; `alertname` is its name, `model` the model that it is about.
        annotations: Text for people.
        starts_at: Since when its condition holds.
    """

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: Annotated[AwareDatetime, BeforeValidator(_moment), Field(alias="startsAt")]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.labels.get("alertname", "without a name")

    @property
    def summary(self) -> str:
        """What it says to people; empty where it says nothing."""
        return self.annotations.get("summary") or self.annotations.get("description", "")


def _some(alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    # Pydantic's own limit also complains where there is one that is wrong in itself.
    if not alerts:
        raise ValueError("should hold an alert")
    return alerts


class Notification(_Told):
    """One call of the webhook: the alerts of a group."""

    version: Literal["4"]
    status: Literal["firing", "resolved"]
    alerts: Annotated[tuple[Alert, ...], AfterValidator(_some)]


def read(document: Document) -> Notification:
    """Return what a body of the webhook says.

    Raises:
        InvalidError: It is not one of version 4; the first mistakes are told with their addresses.
    """
    try:
        return Notification.model_validate_json(json.dumps(document))
    except ValidationError as error:
        told = [_mistake(each) for each in error.errors(include_url=False)[:MOST_MISTAKES]]
        raise InvalidError(f"{NAME} is not one of Alertmanager's: {'; '.join(told)}.", do=_DO) from error


def _mistake(error: Any) -> str:  # noqa: ANN401 - pydantic's own record
    where = ".".join(map(str, error["loc"]))
    if error["type"] == "missing":
        return f"{where} is missing"
    message = error["msg"].removeprefix("Value error, ")
    shown = json.dumps(error["input"], default=str)[:SHOWN_CHARACTERS]
    return f"{where}: {message[0].lower()}{message[1:]}, got {shown}"
