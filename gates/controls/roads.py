"""The roads around the gates that a setting can leave open, and the words for how far each is closed."""

from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """How far a road is closed."""

    PREVENTS = "prevents"
    DETECTS = "detects"
    OPEN = "open"
    UNKNOWN = "unknown"  # it could not be asked
    LOOK = "look"  # no file and no command shows it: a person has to look


@dataclass(frozen=True)
class Finding:
    """What was found about one road.

    Attributes:
        road: Its name.
        word: How far it is closed.
        what: What was found.
        why: Why it matters.
        do: What to paste or to look at; empty where nothing is left to do.
    """

    road: str
    word: Word
    what: str
    why: str
    do: str = ""

    def to_document(self) -> dict[str, str]:
        """Return it as plain JSON data."""
        told = {"road": self.road, "word": self.word.value, "what": self.what, "why": self.why}
        return told | ({"do": self.do} if self.do else {})


@dataclass(frozen=True)
class Road:
    """A way around the gates.

    Attributes:
        name: Its name, as a row of the threat model has it.
        why: What somebody could do who takes it.
    """

    name: str
    why: str

    def prevented(self, what: str) -> Finding:
        """Nobody takes it whom this setting knows."""
        return Finding(self.name, Word.PREVENTS, what, self.why)

    def detected(self, what: str, do: str) -> Finding:
        """Who takes it is found out."""
        return Finding(self.name, Word.DETECTS, what, self.why, do)

    def open(self, what: str, do: str) -> Finding:
        """Somebody may take it and nobody hears of it."""
        return Finding(self.name, Word.OPEN, what, self.why, do)

    def unknown(self, what: str, do: str) -> Finding:
        """It could not be asked."""
        return Finding(self.name, Word.UNKNOWN, what, self.why, do)

    def look(self, what: str, do: str) -> Finding:
        """Only a person can see it."""
        return Finding(self.name, Word.LOOK, what, self.why, do)


ALIAS = Road("alias", "Who serves what the alias names, serves what somebody has put there, past every gate.")
ARTIFACTS = Road(
    "artifacts", "The files of a promoted version could be exchanged, and the runs edited that explain it."
)
LEDGER_HISTORY = Road(
    "ledger-history", "An entry that is overwritten or deleted takes with it who served, and why."
)
LEDGER_TAIL = Road(
    "ledger-tail", "A ledger without its newest entries is still a valid chain: an older champion comes back."
)
LEDGER_WRITERS = Road(
    "ledger-writers", "Who may write there can put delete markers and rubbish between the entries."
)
SIGNING_KEY = Road("signing-key", "Who has the key can sign a decision that no gate has made.")
TRUSTED_KEYS = Road("trusted-keys", "Whose signature is believed says who may promote.")
POLICY = Road("policy", "A change that weakens a threshold and passes it needs nobody else.")
DATA_REMOTE = Road("data-remote", "`dvc pull` brings a corrupted or exchanged object and reports success.")
PROMOTING_JOB = Road(
    "promoting-job", "A job without an environment promotes from any branch, with nobody who approves."
)
PROMOTING_TRIGGER = Road(
    "promoting-trigger", "A stranger's pull request, issue or comment would run with what production trusts."
)
ACTION_PINS = Road("action-pins", "Who moves the tag of an action runs code in our jobs, with their rights.")
REVIEWERS = Road("reviewers", "An environment without reviewers and branches lets every branch promote.")
OIDC = Road("oidc", "A role that trusts the whole repository trusts every workflow of every branch.")

RECONCILE = Road(
    "reconcile",
    "What moves in MLflow without the ledger is found out when somebody compares, and not before.",
)

ROADS = (
    *(ALIAS, ARTIFACTS, LEDGER_HISTORY, LEDGER_TAIL, LEDGER_WRITERS, SIGNING_KEY, TRUSTED_KEYS, POLICY),
    *(DATA_REMOTE, PROMOTING_JOB, PROMOTING_TRIGGER, ACTION_PINS, REVIEWERS, OIDC, RECONCILE),
)
