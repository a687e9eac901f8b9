"""An issue about something that a person has to look at."""

from gates import digest

MOST_CHARACTERS = 20_000
NO_WORD = "It ended without a word: see the run."


def marker(title: str, model: str) -> str:
    """Return the line that finds the issue about a subject again, and that nobody sees."""
    return f"<!-- ml-gates {digest.of_document(['issue', title, model])} -->"


def news(text: str) -> str:
    """Return what happened as a block of code: what comes from data becomes no markup and calls nobody."""
    quoted = text[:MOST_CHARACTERS].strip().replace("```", "'''")
    return f"```text\n{quoted or NO_WORD}\n```"


def body(title: str, model: str, text: str, run: str) -> str:
    """Return the whole issue as Markdown."""
    return "\n".join(
        [
            marker(title, model),
            news(text),
            "",
            f"Last seen in {run or 'a run outside of GitHub'}.",
            "",
            "While it is open, this issue is updated instead of opened again. What is new is a comment.",
            "Close it when you know the cause and it is gone.",
            "",
        ]
    )
