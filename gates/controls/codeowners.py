"""Who owns a file by CODEOWNERS, as GitHub reads it: the last line that matches decides."""

import re
from functools import lru_cache

# GitHub reads the first of these that is there, and no other.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_OWNER = re.compile(r"@[\w.-]+(?:/[\w.-]+)?|[^@\s]+@[^@\s]+")


def owners(text: str, path: str) -> tuple[str, frozenset[str]]:
    """Return the pattern that decides about a path from the repository's top, and whom it names."""
    decided, named = "", frozenset[str]()
    for line in text.splitlines():
        pattern, *who = line.partition("#")[0].split() or [""]
        # GitHub skips a line that it cannot read: one owner that is none spoils it.
        if pattern and all(map(_OWNER.fullmatch, who)) and _matches(pattern, path):
            decided, named = pattern, frozenset(who)
    return decided, named


def guards(text: str, place: str, path: str) -> bool:
    """Return whether a file has reviewers of its own, and whoever changes who they are has some too.

    Args:
        text: The CODEOWNERS file.
        place: Where it lies; without owners, one change takes the reviewers away and the next profits.
        path: The file that it is to guard.
    """
    pattern, named = owners(text, path)
    own = pattern.rpartition("/")[2] == path.rpartition("/")[2]
    return own and bool(named) and bool(owners(text, place)[1])


def _matches(pattern: str, path: str) -> bool:
    # Negations and ranges are no part of CODEOWNERS.
    if pattern.startswith("!") or "[" in pattern or "\\" in pattern:
        return False
    return _compiled(pattern).fullmatch(path) is not None


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return what matches the paths of a pattern: anchored where it has a slash before its end."""
    body = pattern.strip("/")
    anchored = pattern.startswith("/") or "/" in body
    parts = [_TRANSLATED.get(each) or re.escape(each) for each in _PIECES.split(body) if each]
    # What names a folder owns all that lies in it; a last `*` stays in its folder.
    inside = "/.+" if pattern.endswith("/") else "" if anchored and body.endswith("/*") else "(?:/.+)?"
    return re.compile(("" if anchored else "(?:.*/)?") + "".join(parts) + inside)


_PIECES = re.compile(r"(\*\*/|/\*\*$|\*\*|\*|\?)")
_TRANSLATED = {"**/": "(?:.*/)?", "/**": "/.+", "**": ".*", "*": "[^/]*", "?": "[^/]"}
