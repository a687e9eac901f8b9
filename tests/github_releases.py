"""The part of GitHub's REST API that a release needs, played on top of issues and comments."""

from dataclasses import dataclass, field
from typing import Any

from tests.github_server import Asked, GitHub


@dataclass
class Hub(GitHub):
    """A GitHub that has tags, releases and checks too.

    Attributes:
        tags: Tag to commit.
        annotated: Tags that name an object of their own, which names the commit.
        releases: What was released.
        checks: What ran on the commit.
    """

    tags: dict[str, str] = field(default_factory=dict)
    annotated: set[str] = field(default_factory=set)
    releases: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Answer as GitHub does."""
        path, body = asked.path, asked.body
        if path == "releases":
            self.releases += [body] if asked.method == "POST" else []
            return 200, body or self.releases
        if path.startswith("commits/") and asked.params["check_name"] == "required":
            return 200, {"check_runs": self.checks}
        if path.startswith("git/"):
            return 200, self._tag(path, body)
        return super().answer(asked)

    def _tag(self, path: str, body: Any) -> Any:  # noqa: ANN401 - whatever GitHub sends
        name = path.rpartition("/")[2]
        if path.startswith("git/matching-refs/tags/"):
            return [self._ref(each) for each in self.tags if each.startswith(name)]
        if path.startswith("git/tags/of-"):
            return {"object": {"type": "commit", "sha": self.tags[name.removeprefix("of-")]}}
        made = path == "git/refs"
        assert made or body["force"]
        self.tags[body["ref"].removeprefix("refs/tags/") if made else name] = body["sha"]
        return None

    def _ref(self, name: str) -> dict[str, Any]:
        named = {"type": "commit", "sha": self.tags[name]}
        if name in self.annotated:
            named = {"type": "tag", "sha": f"of-{name}"}
        return {"ref": f"refs/tags/{name}", "object": named}
