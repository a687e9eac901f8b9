"""Where a model comes from, as a graph that GitHub draws (mermaid)."""

from collections.abc import Mapping
from typing import Any

MOST_LETTERS = 60
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .:/_-")


def graph(candidate: Mapping[str, Any], decision: str, outcome: str, champion: str = "") -> list[str]:
    """Draw bucket, data, commit, run, model, decision and champion, each made from the one before.

    Args:
        candidate: What was judged, as the statement has it.
        decision: SHA-256 of the statement.
        outcome: What was decided.
        champion: Version under which it serves; empty where it does not.

    Returns:
        Lines of mermaid, without a fence.
    """
    nodes = stations(candidate, decision, outcome, champion)
    drawn = [f'  n{place}["{_label(kind)}<br/>{_label(name)}"]' for place, (kind, name) in enumerate(nodes)]
    return ["flowchart LR", *drawn, f"  {' --> '.join(f'n{place}' for place in range(len(nodes)))}"]


def stations(
    candidate: Mapping[str, Any], decision: str, outcome: str, champion: str = ""
) -> list[tuple[str, str]]:
    """Return kind and name of each station from bucket to champion; arguments are those of `graph`."""
    return [
        ("bucket", candidate["remote"]),
        ("data", candidate["data_sha256"][:12]),
        ("stages at commit", candidate["commit"][:12]),
        ("run", candidate["run_id"]),
        ("model", candidate["sha"][:12]),
        (f"decision: {outcome}", decision[:12]),
        *([("champion", f"v{champion}")] if champion else []),
    ]


def _label(text: str) -> str:
    """Keep a name from becoming mermaid, HTML or the end of the fence: what is not plain becomes a number."""
    cut = text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
    return "".join(each if each in _PLAIN else f"#{ord(each)};" for each in cut)
