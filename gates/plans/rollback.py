"""Who may serve again, and the steps that make it so."""

from collections.abc import Iterator

from gates import digest
from gates.errors import InvalidError, UndecidedError
from gates.ledger import SHORTEST_SHA, Champion, Entry, History, Link
from gates.plans.steps import Append, PointAlias, Step


def targets(history: History, to: str) -> Iterator[Champion]:
    """Yield who may serve again, best first: the one named, or for ``previous`` every earlier champion.

    A champion that was itself rolled back is not a previous one: it has to be named.

    Raises:
        UndecidedError: There is no champion, or none before it.
        InvalidError: Nobody has that version or SHA, or it serves already.
    """
    if history.champion is None:
        raise UndecidedError(f"{history.model} has no champion yet.", do="Promote one first: gates ship")
    if to != "previous":
        target = history.find(to)
        if target.approval:
            raise InvalidError(
                f"v{target.version} came in by break-glass, and no gate has passed it.",
                do="Choose another: gates history; or break the glass again: gates promote --break-glass …",
            )
        if target.sha == history.champion.sha:
            raise InvalidError(
                f"v{target.version} is the champion already.", do="Choose another: gates history"
            )
        yield target
        return
    earlier = [each for each in history.earlier() if _may_return(history, each)]
    if not earlier:
        left = next((f"v{each.version}" for each in history.earlier()), "")
        raise UndecidedError(
            f"No earlier champion of {history.model} is left to roll back to.",
            why="Who was rolled back does not come back by itself." if left else "Nobody served before.",
            do=f"Name it, if it is the lesser evil: gates rollback --to {left} --reason …"
            if left
            else "Ship a better one: gates ship",
        )
    yield from earlier


def instead_of(history: History, target: Champion) -> Iterator[Champion]:
    """Return who may serve where a named target may not: those that served before it, newest first."""
    earlier = iter(history.earlier())
    for each in earlier:
        if each.sha == target.sha:
            break
    return (each for each in earlier if _may_return(history, each))


def is_last(history: History, named: str) -> bool:
    """Return whether the last move is the one named: by its entry's digest, or by who serves by it."""
    return history.moved is not None and _is(history.moved, named)


def undone(history: History, named: str, to: str) -> Entry | None:
    """Return the last move, where it has rolled back the one that is named, to who was asked for."""
    moves = [link for link in history.links if link.entry.moves]
    if not moves[1:]:
        return None
    before, last = moves[-2:]
    brought = to == "previous" or history.find(to) == history.champion
    return last.entry if last.entry.kind == "rollback" and _is(before, named) and brought else None


def plan(history: History, target: Champion, reason: str) -> list[Step]:
    """Return the steps of a rollback; nobody needs to be registered, since the target served before."""
    return [Append(operation(history, target), "rollback", target, reason), PointAlias()]


def operation(history: History, target: Champion) -> str:
    """Return what names the rollback from who serves to a target, so that it happens once."""
    return digest.of_document(["rollback", history.moved.sha256 if history.moved else None, target.sha])


def _is(link: Link, named: str) -> bool:
    champion = link.entry.target
    if champion is None:
        return False
    shortened = len(named) >= SHORTEST_SHA and champion.sha.startswith(named)
    return shortened or named in {link.sha256, champion.version, f"v{champion.version}"}


def _may_return(history: History, champion: Champion) -> bool:
    """Return whether nobody has to name a champion for it to serve again."""
    return champion.approval is None and not was_rolled_back(history, champion.sha)


def was_rolled_back(history: History, sha: str) -> bool:
    """Return whether a model was taken out of production, and no later entry has put it back.

    A break-glass says nothing about the model that the gates do not say, neither its beginning nor its end.
    """
    for entry in (link.entry for link in reversed(history.links) if link.entry.moves):
        if entry.target and entry.target.sha == sha and entry.target.approval is None:
            return False
        left = entry.origin if entry.kind == "rollback" else None
        if left and left.sha == sha and left.approval is None:
            return True
    return False
