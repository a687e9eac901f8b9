"""What a red run says besides which finding blocks: who is to act, and how to see the same."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Red:
    """Advice about a run that is red.

    Attributes:
        who: Who is to act.
        laptop: The command that shows the same on a laptop; empty where no laptop can.
    """

    who: str
    laptop: str = ""

    def lines(self) -> list[str]:
        """Return the advice as plain text."""
        return [
            f"To act: {self.who}.",
            *([f"On a laptop, at this commit: {self.laptop}"] if self.laptop else []),
        ]
