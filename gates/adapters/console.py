"""What a person sees while a command works: a spinner on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console, RenderableType
from rich.text import Text

from gates.adapters import github

WIDTH_ELSEWHERE = 400
TOLD_EVERY_S = 5.0


class Screen:
    """Answers go to stdout, progress to stderr, so that an answer can be piped."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Open both; where stdout is no terminal, lines are not broken at 80 columns.

        Args:
            quiet: Show no progress, for a library's caller.
        """
        width = None if sys.stdout.isatty() else WIDTH_ELSEWHERE
        # What we print comes from data too: brackets and colons in it mean nothing.
        self.out = Console(highlight=False, markup=False, emoji=False, width=width)
        self.progress = Console(
            stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True, quiet=quiet
        )
        self._folded = False

    def show(self, answer: RenderableType) -> None:
        """Print an answer; a line of text stays one, since a command in it is to be pasted."""
        unbroken = isinstance(answer, str)
        if self.out.is_terminal:
            self.out.print(answer, soft_wrap=unbroken)
            return
        with self.out.capture() as captured:
            self.out.print(answer, soft_wrap=unbroken)
        # Tables are padded to their widest cell, which nobody wants in a file or a log.
        sys.stdout.write("\n".join(line.rstrip() for line in captured.get().split("\n")))

    def say(self, line: str) -> None:
        """Print a line of progress; in a workflow's log folded away, so that the answer is its first line."""
        self._fold()
        self.progress.print(Text(f"· {line}", "dim"))

    def unfold(self) -> None:
        """End the progress that was folded away, if any was."""
        if self._folded:
            self._folded = False
            self.progress.print("::endgroup::")

    def _fold(self) -> None:
        if github.on_actions() and not self._folded:
            self._folded = True
            self.progress.print("::group::Progress")

    @contextmanager
    def counting(self, rows: int) -> Iterator[Callable[[int], None]]:
        """Show how many rows are read of all, and when all will be; gives a function that adds some.

        On a terminal at any time, elsewhere in a line from time to time: short work is not told of there.
        """
        begun = told = time.monotonic()
        read = 0
        with self.progress.status("") if self.progress.is_terminal else nullcontext() as status:

            def add(more: int) -> None:
                nonlocal read, told
                read += more
                now = time.monotonic()
                left = (now - begun) * (rows - read) / read if read else 0.0
                line = f"{read:,} of {rows:,} rows, {left:.0f} s left"
                if status:
                    status.update(Text(line))
                elif now - told >= TOLD_EVERY_S:
                    told = now
                    self.say(line)

            yield add

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Show a step while it runs, then its time; gives a function that shows a line of it."""
        self._fold()
        started = time.monotonic()

        def line(text: str) -> str:
            return f"{name:<8} {time.monotonic() - started:5.1f} s  {text}"

        if self.progress.is_terminal:
            with self.progress.status(f"{name:<8}") as status:
                yield lambda text: status.update(Text(line(text.removeprefix("· "))))
        else:
            yield lambda text: self.progress.print(f"{name:<8} {text}", markup=False)
        self.progress.print(Text(line("").rstrip()))
