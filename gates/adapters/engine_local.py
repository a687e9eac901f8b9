"""Work over the parts of a table, one after the other in this process."""

from collections.abc import Callable, Iterator, Sequence

from gates.parts import Part, T


def carry(parts: Sequence[Part], function: Callable[[Part], T], done: Callable[[Part], None]) -> Iterator[T]:
    """Yield the result of a function for each part, and tell of each that is done."""
    for part in parts:
        yield function(part)
        done(part)
