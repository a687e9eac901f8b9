"""Issues on GitHub: one a subject, found again by a line that nobody sees."""

from dataclasses import dataclass

from gates.adapters.github_api import Api


@dataclass(frozen=True)
class Issue:
    """An issue as it is to be.

    Attributes:
        marker: The hidden line that tells which subject it is about.
        title: What a list shows.
        news: What happened, as Markdown; where it is not in the issue yet, a comment tells those who watch.
        body: All of it, marker and news included.
    """

    marker: str
    title: str
    news: str
    body: str


def put(api: Api, issue: Issue) -> tuple[int, str]:
    """Open an issue, or bring the open one of its subject up to date.

    Returns:
        Its number, and what was done: opened or updated.

    Raises:
        GatesError: As of `Api`.
    """
    for each in api.pages("issues", {"state": "open", "sort": "created", "direction": "desc"}):
        # Anybody may write the marker into an issue of their own; those of a job's token are a bot's.
        ours = (each.get("user") or {}).get("type") == "Bot" and "pull_request" not in each
        text = str(each.get("body") or "")
        if ours and issue.marker in text:
            number = int(each["number"])
            api.patch(f"issues/{number}", {"body": issue.body})
            if issue.news not in text.replace("\r\n", "\n"):
                api.post(f"issues/{number}/comments", {"body": issue.news})
            return number, "updated"
    made = api.post("issues", {"title": issue.title, "body": issue.body})
    return int(made["number"]), "opened"
