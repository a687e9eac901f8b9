"""Defects of the comparison: a challenger that is no better, or a champion that is not who serves."""

from gates import timings
from gates.defects import timed
from gates.defects.case import LATENCY, SERVING, Case, Changes, Defect, NotApplicableError, draws

GATE = ("champion",)
STAND_IN = {"seq": 1, "sha256": "0" * 64}  # an entry that no ledger has
SHARES = (0.1, 0.2, 0.3, 0.5, 0.8, 1.0)


def has_champion(case: Case) -> bool:
    """Return whether the candidate was judged beside a champion."""
    return case.document(SERVING).get("champion") is not None


def stand_in(case: Case, share: float) -> Changes:
    """Return the change that gives a first model a champion to be compared with.

    Args:
        case: A candidate without a champion.
        share: Share of the golden rows to which it answers what the challenger answers to another row; to the
            others it answers as the challenger does, and it takes as long.
    """
    table = case.table("predictions")
    columns = case.answers(table)
    scores = table[columns].to_numpy("float64", copy=True)
    chosen = draws().permutation(len(scores))[: round(len(scores) * share)]
    scores[chosen] = scores[chosen[::-1]]
    names = [each.replace("challenger", "champion", 1) for each in columns]
    seconds = timings.read(case.root / LATENCY)
    return {
        **case.with_table("predictions", table.assign(**dict(zip(names, scores.T, strict=True)))),
        **case.with_document(LATENCY, timed.written({**seconds, "champion": seconds["challenger"]})),
        **case.edited(SERVING, lambda serving: serving.update(champion=STAND_IN)),
        **case.edited("candidate/predict.json", lambda manifest: manifest.update(champion=STAND_IN)),
    }


def worse(case: Case) -> Changes:
    """Let the challenger answer what the champion does, and the other way round."""
    table = case.table("predictions")
    ours, theirs = case.answers(table), _champions(case)
    swapped = {**dict(zip(ours, theirs, strict=True)), **dict(zip(theirs, ours, strict=True))}
    return case.with_table("predictions", table.rename(columns=swapped)[list(table.columns)])


def alike(case: Case) -> Changes:
    """Let the challenger answer exactly what the champion does."""
    if getattr(case.policy.block("champion"), "tie", "") == "promote":
        raise NotApplicableError("the policy promotes a challenger that is as good (champion.tie)")
    table = case.table("predictions")
    pairs = zip(case.answers(table), _champions(case), strict=True)
    return case.with_table("predictions", table.assign(**{ours: table[theirs] for ours, theirs in pairs}))


def not_scored(case: Case) -> Changes:
    """Leave out the champion's answers."""
    return case.with_table("predictions", case.table("predictions").drop(columns=_champions(case)))


def scored_again(case: Case) -> Changes:
    """Put worse answers in the place of the champion's, after they were handed on."""
    table = case.table("predictions")
    dealt = draws().permutation(len(table))
    worse = {name: table[name].to_numpy()[dealt] for name in _champions(case)}
    return case.with_table("predictions", table.assign(**worse))


def moved(case: Case) -> Changes:
    """Let another champion serve than the one that the challenger was scored beside."""
    _champions(case)

    def edit(serving: dict[str, dict[str, object]]) -> None:
        serving["champion"] = {"seq": int(str(serving["champion"]["seq"])) + 1, "sha256": "f" * 64}

    return case.edited(SERVING, edit)


def rolled_back(case: Case) -> Changes:
    """Let the ledger say that this very model was taken out of production."""
    return case.edited(SERVING, lambda serving: serving.update(rolled_back=True))


def _champions(case: Case) -> list[str]:
    return case.answers(case.table("predictions"), "champion")


DEFECTS = (
    Defect(
        "worse than the champion",
        "The challenger answers what the champion does, and the champion what it did.",
        GATE,
        worse,
        "the gate champion, with mode: block",
    ),
    Defect(
        "as good as the champion",
        "The challenger answers exactly what the champion does.",
        GATE,
        alike,
        "champion.tie: block",
    ),
    Defect(
        "champion not scored",
        "A champion serves, and nobody has asked it.",
        GATE,
        not_scored,
        "the gate champion, always",
    ),
    Defect(
        "stale champion figures",
        "Worse answers stand in the place of the champion's, written after both were scored.",
        ("hand-over",),
        scored_again,
        "the digests that jobs hand on, always",
        in_the_making=False,
    ),
    Defect(
        "champion moved",
        "Another champion serves than the one that the challenger was scored beside.",
        ("judge",),
        moved,
        "what judge asks, always",
        in_the_making=False,
    ),
    Defect(
        "rolled back before",
        "This very model was taken out of production once.",
        GATE,
        rolled_back,
        "the gate champion, with mode: block",
    ),
)
