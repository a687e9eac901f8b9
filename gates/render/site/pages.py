"""The pages of the site above the reports: all models, and one model's timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from gates.render.sentences import shown
from gates.render.templates import template

if TYPE_CHECKING:
    from markupsafe import Markup

Cell: TypeAlias = "str | Markup"


@dataclass(frozen=True)
class Move:
    """An entry of a ledger.

    Attributes:
        seq: Its number.
        kind: promote, break-glass, rollback, refuse, repair or drill.
        time: When, in UTC.
        version: Whom it names; empty for nobody.
        actor: Who.
        reason: Why.
        page: Address of its decision's report; empty where it has none of its own.
    """

    seq: int
    kind: str
    time: str
    version: str
    actor: str
    reason: str
    page: str = ""


@dataclass(frozen=True)
class Waived:
    """A waiver of today's policy."""

    gate: str
    finding: str
    owner: str
    expires: date
    reason: str


@dataclass(frozen=True)
class Model:
    """What is known of a model.

    Attributes:
        name: Its name.
        champion: Version that serves; empty for nobody.
        since: Since when.
        moves: Its entries, oldest first.
        waivers: The policy's.
        policy: Digest of the policy.
        state: What became of verifying its ledger.
        verified: Whether ledger and statements verify.
        today: The day of the site.
    """

    name: str
    champion: str
    since: str
    moves: Sequence[Move]
    waivers: Sequence[Waived]
    policy: str
    state: str
    verified: bool
    today: date

    @property
    def serves(self) -> str:
        """Who serves, in words."""
        return f"v{self.champion} since {self.since}" if self.champion else "nobody yet"

    @property
    def open_waivers(self) -> list[Waived]:
        """The waivers that hold today, the one that ends first before the others."""
        return sorted(
            (each for each in self.waivers if each.expires >= self.today), key=lambda each: each.expires
        )


def index(models: Sequence[Model]) -> str:
    """Return the page of all models."""
    rows: list[list[Cell]] = []
    decided = 0
    for each in models:
        decisions = sum(bool(move.page) for move in each.moves)
        decided += decisions
        drills = [move for move in each.moves if move.kind == "drill"]
        rows.append(
            [
                _link(each.name, f"{each.name}/index.html"),
                each.serves,
                each.moves[-1].time if each.moves else "",
                str(decisions),
                str(sum(move.kind == "refuse" for move in each.moves)),
                drills[-1].time if drills else "never",
                str(len(each.open_waivers)),
                each.state,
            ]
        )
    head = ("model", "champion", "last entry", "decisions", "refused", "last drill", "waivers", "ledger")
    return _page(
        "Models in production",
        f"{len(models)} models, {decided} decisions.",
        "",
        [("Models", head, rows, "No model yet.")],
        f"{_proof(models)} Waivers are those of each params.yaml then." if models else "",
    )


def model(each: Model) -> str:
    """Return the page of one model: champions, decisions, drills and waivers, newest first."""
    newest = list(reversed(each.moves))
    champions = [move for move in newest if move.kind in {"promote", "break-glass", "rollback"}]
    refused = [move for move in newest if move.kind == "refuse"]
    rest = [move for move in newest if move.kind in {"drill", "repair"}]
    timeline = ("entry", "when", "what", "version", "who", "why")
    waivers = [
        [waived.gate, waived.finding, waived.owner, str(waived.expires), waived.reason]
        for waived in each.open_waivers
    ]
    return _page(
        each.name,
        f"Serves: {each.serves}. Ledger: {each.state}",
        "../index.html",
        [
            ("Champions", timeline, list(map(_row, champions)), "Nobody has served yet."),
            ("Refused", timeline, list(map(_row, refused)), "Nothing was refused."),
            ("Drills and repairs", timeline, list(map(_row, rest)), "No drill yet: gates drill"),
            (
                f"Open waivers in params.yaml, policy {each.policy[:12]}",
                ("gate", "finding", "owner", "until", "reason"),
                waivers,
                "None.",
            ),
        ],
        f"{_proof([each])} Waivers are those of params.yaml then.",
    )


def _proof(models: Sequence[Model]) -> str:
    """Return what was verified, in words."""
    made = f"Made by ml-gates on {models[0].today}"
    if broken := [each.name for each in models if not each.verified]:
        return f"{made}. Not all verifies: what does not is named for {', '.join(broken)}, and not shown."
    return (
        f"{made}, when chain and signatures of the ledger were verified; "
        "each report's statement was when its page was made."
    )


def _row(move: Move) -> list[Cell]:
    entry: Cell = str(move.seq)
    if move.page:
        entry = _link(f"{move.seq}: report", move.page)
    return [
        entry,
        move.time,
        move.kind,
        move.version and f"v{move.version}",
        shown(move.actor),
        shown(move.reason),
    ]


def _link(text: str, address: str) -> "Markup":
    from markupsafe import Markup

    return Markup('<a href="{}">{}</a>').format(address, text)


def _page(
    title: str,
    sentence: str,
    back: str,
    sections: Sequence[tuple[str, Sequence[str], Sequence[Sequence[Cell]], str]],
    footer: str,
) -> str:
    names = ("title", "head", "rows", "nothing")
    page: str = template("site.html.j2").render(
        title=title,
        sentence=sentence,
        back=back,
        footer=footer,
        sections=[dict(zip(names, each, strict=True)) for each in sections],
    )
    return page
