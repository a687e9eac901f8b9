"""`gates comment`: one comment of a pull request that says what its last review saw, and is written anew.

It runs where nothing of the pull request does, and takes what the review left as text of a stranger.
"""

from pathlib import Path

from gates import digest
from gates.adapters import github
from gates.adapters.github_api import MOST_CHARACTERS, Api
from gates.errors import InvalidError
from gates.paths import require_regular_file
from gates.run.result import UNCHANGED, Result

SHORT = 7
KEPT = 1_000  # characters for what we say ourselves
NOTHING = "The review left nothing to read: see its job."


def run(page: Path, number: int, about: str, ended: str, head: str = "") -> Result:
    """Write the comment, or write it anew.

    Args:
        page: What the review left; it may be absent.
        number: The pull request.
        about: The project's folder: one repository may have several, each with a comment of its own.
        ended: How the job of the review ended, as GitHub says it.
        head: The commit that was reviewed; empty where nobody says it. Where the pull request has moved on,
            the comment is left to the review of its newer commit, however late this one ended.

    Raises:
        InvalidError: There is no token, or it may not comment.
        UnavailableError: GitHub did not answer.
    """
    marker = f"<!-- ml-gates: {digest.of_bytes(about.encode())} -->"
    body = "\n".join([marker, _headline(about, ended, head), "", _text(page)])
    api = Api.from_environment()
    if head and (newest := str(api.get(f"pulls/{number}")["head"]["sha"])) != head:
        return Result(UNCHANGED, f"#{number} is at {newest[:SHORT]} now, not at {head[:SHORT]}.")
    for each in api.pages(f"issues/{number}/comments"):
        # Somebody who quotes it, or copies its source, keeps a comment of their own.
        if str(each.get("body", "")).startswith(marker) and each.get("user", {}).get("type") == "Bot":
            api.patch(f"issues/comments/{int(each['id'])}", {"body": body})
            return Result("pass", f"The comment of #{number} is written anew.")
    api.post(f"issues/{number}/comments", {"body": body})
    return Result("pass", f"#{number} has a comment.")


def _headline(about: str, ended: str, head: str) -> str:
    of = "" if about in {"", "."} else f" of `{about.replace('`', '')}`"
    runs = [f" ([{name}]({address}))" for name, address in github.links().items() if name.startswith("run")]
    commit = f" of {head[:SHORT]}" if head else ""
    return f"**ML Gates**{of}: the review{commit} ended with **{ended}**{''.join(runs)}."


def _text(page: Path) -> str:
    """Return what the review left, as far as it has room, and so that it calls nobody."""
    try:
        require_regular_file(page)  # a link could lead to this job's own token
        with page.open("rb") as file:
            data = file.read(4 * MOST_CHARACTERS)
    except (InvalidError, OSError):
        return NOTHING
    text = data.decode(errors="replace").replace("\0", "").replace("@", "@\N{ZERO WIDTH SPACE}")
    most = MOST_CHARACTERS - KEPT
    return text if len(text) <= most else f"{text[:most]}\n\n… cut: see the summary of the run."
