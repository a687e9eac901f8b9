"""Whether an alert is a reason to roll back, and the sentence that says why or why not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gates.errors import InvalidError, UndecidedError
from gates.ledger import TIME, History
from gates.notification import Alert, Notification

LONGEST_REASON = 500
MODEL_LABEL = "model"
CLOCKS_DIFFER = timedelta(minutes=5)
LEDGER_RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True)
class Decided:
    """What follows from an alert.

    Attributes:
        sentence: Why the champion has to go, or why not; one line that the ledger takes as a reason.
        undo: SHA-256 of the ledger's entry that made it champion, where it has to go; else empty.
    """

    sentence: str
    undo: str = ""

    @property
    def roll_back(self) -> bool:
        """Whether the champion has to go."""
        return bool(self.undo)


def decide(notification: Notification, history: History, burn_in: timedelta, moment: datetime) -> Decided:
    """Return whether somebody else has to serve because of an alert.

    Not where it is resolved, or about another model. Not where it began before the champion began to serve,
    or in the same second, since a ledger keeps whole ones: then it is taken to be about who served before,
    and told again after the rollback that it asked for. And not while the champion's figures still settle.

    Args:
        notification: What Alertmanager tells.
        history: The verified ledger.
        burn_in: How long figures settle after a move.
        moment: Now, in UTC.

    Raises:
        UndecidedError: There is no champion.
        InvalidError: An alert begins in the future.
    """
    firing = [each for each in notification.alerts if each.status == "firing"]
    if not firing:
        return _nothing(f"{_named(notification.alerts)} is resolved.")
    about = [each for each in firing if each.labels.get(MODEL_LABEL, history.model) == history.model]
    if not about:
        return _nothing(
            f"{_named(firing)} is about the model {firing[0].labels[MODEL_LABEL]}, not {history.model}."
        )
    moved = history.moved
    if moved is None or history.champion is None:
        raise UndecidedError(f"{history.model} has no champion yet.", do="Promote one first: gates ship")
    if early := [each for each in about if each.starts_at > moment + CLOCKS_DIFFER]:
        raise InvalidError(
            f"{_named(early)} begins in the future: {_since(early)}.",
            why=f"By this machine's clock it is {moment.strftime(TIME)}.",
            do="Set the clocks of Prometheus and of the runner; see who serves: gates status",
        )
    serves = datetime.strptime(moved.entry.time, TIME).replace(tzinfo=UTC)
    version = f"v{history.champion.version}"
    new = [each for each in about if each.starts_at >= serves + LEDGER_RESOLUTION]
    if not new:
        return _nothing(
            f"{_named(about)} began at {_since(about)}, "
            f"not after {version} began to serve at {moved.entry.time}."
        )
    if moment < serves + burn_in:
        until = (serves + burn_in).strftime(TIME)
        settling = f"{version} is in its burn-in until {until} (gates.alerts.burn_in_minutes)"
        return _nothing(f"{_named(new)} fires, and {settling}.")
    summary = f": {new[0].summary}" if new[0].summary else ""
    return Decided(_line(f"{_named(new)} fires since {_since(new)}{summary}"), undo=moved.sha256)


def _nothing(why: str) -> Decided:
    return Decided(_line(f"Nothing to do. {why}"))


def _named(alerts: Sequence[Alert]) -> str:
    more = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
    return f"Alert {alerts[0].name}{more}"


def _since(alerts: Sequence[Alert]) -> str:
    return alerts[0].starts_at.astimezone(UTC).strftime(TIME)


def _line(text: str) -> str:
    """Return what an alerting rule says as one line, cut to what a reason may be."""
    line = re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", text).strip()
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 1]}…"
