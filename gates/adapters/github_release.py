"""Releases, tags and checks of a repository on GitHub."""

from dataclasses import dataclass
from typing import Any

from gates.adapters.github_api import Api
from gates.errors import InvalidError

REQUIRED = "required"  # the job of ci.yml that waits for every other
APP = "github-actions"
MOST_TAGS = 5  # that name one another, before a commit


@dataclass(frozen=True)
class Releases:
    """One repository's."""

    api: Api

    def texts(self) -> dict[str, str]:
        """Return the tag of every release to its text; drafts are none."""
        found = self.api.pages("releases")
        return {str(each["tag_name"]): str(each.get("body") or "") for each in found if not each.get("draft")}

    def commit(self, tag: str) -> str:
        """Return the commit that a tag names; empty where there is no such tag.

        Raises:
            InvalidError: It names no commit.
        """
        refs = self.api.get(f"git/matching-refs/tags/{tag}")
        named = next((each["object"] for each in refs if each["ref"] == f"refs/tags/{tag}"), None)
        for _ in range(MOST_TAGS):
            if named is None or named["type"] == "commit":
                return str(named["sha"]) if named else ""
            named = self._annotated(named["sha"])
        raise InvalidError(f"The tag {tag} names no commit.", do="Tag a commit: git tag v1.2.3 COMMIT")

    def checks(self, commit: str) -> list[str]:
        """Return how the required check of a commit ended, latest of each run; empty text while it runs."""
        found = self.api.get(f"commits/{commit}/check-runs", {"check_name": REQUIRED, "per_page": 100})
        runs = [each for each in found["check_runs"] if (each.get("app") or {}).get("slug") == APP]
        return [str(each.get("conclusion") or "") for each in runs]

    def publish(self, tag: str, text: str, *, latest: bool) -> None:
        """Make the release of a tag that is there."""
        self.api.post(
            "releases", {"tag_name": tag, "name": tag, "body": text, "make_latest": str(latest).lower()}
        )

    def move(self, tag: str, commit: str, *, new: bool) -> None:
        """Let a tag name a commit."""
        if new:
            self.api.post("git/refs", {"ref": f"refs/tags/{tag}", "sha": commit})
        else:
            self.api.patch(f"git/refs/tags/{tag}", {"sha": commit, "force": True})

    def _annotated(self, sha: str) -> dict[str, Any]:
        named: dict[str, Any] = self.api.get(f"git/tags/{sha}")["object"]
        return named
