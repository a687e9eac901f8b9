"""What carries a gate's work over the parts of a table: this process, or Ray."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from gates.adapters import datasets, engine_local, engine_ray
from gates.adapters.datasets import Origin
from gates.parts import Part, T
from gates.run.project import Project

LOCAL, RAY = "local", "ray"


@dataclass
class Engine:
    """Carries functions over the parts of tables; `opened` makes it.

    Attributes:
        project: Its screen tells how far the work is, and on its disk lies what is brought here.
        name: local, ray, or ray://host:port.
    """

    project: Project
    name: str
    _stack: ExitStack
    _origins: dict[Path, Origin] = field(default_factory=dict)

    def at_hand(self, tables: Iterable[Any]) -> list[Any]:
        """Return the same values with a folder on this machine in place of each ``s3://bucket/prefix``.

        Raises:
            GatesError: A bucket cannot be read.
        """
        return [self._brought(each) if is_remote(each) else each for each in tables]

    def over(self, parts: Sequence[Part], function: Callable[[Part], T]) -> list[T]:
        """Return the results of a function for all parts, in their order, and tell how far it is.

        Machines of a cluster do not see what was brought here, and fetch the same themselves.

        Raises:
            GatesError: The engine is not there, or as the function raises it.
        """
        if self._origins:
            function = partial(there, self._origins, function)
        with self.project.screen.counting(sum(part.rows for part in parts)) as counted:
            return list(self._carry(parts, function, lambda part: counted(part.rows)))

    @cached_property
    def _carry(self) -> Callable[..., Iterable[Any]]:
        if self.name == LOCAL:
            return engine_local.carry
        address = "" if self.name == RAY else self.name
        return self._stack.enter_context(engine_ray.joined(address)).carry

    def _brought(self, uri: str) -> Path:
        self.project.say(f"bringing {uri}")
        table = self._stack.enter_context(datasets.brought(uri, self.project.root))
        if self.name not in {LOCAL, RAY}:
            self._origins |= datasets.origins(table)
        return table.folder


@contextmanager
def opened(project: Project, name: str) -> Iterator[Engine]:
    """Give an engine; what it brought here, and what it started, ends with it."""
    with ExitStack() as stack:
        yield Engine(project, name, stack)


def is_remote(value: object) -> bool:
    """Return whether a value names a table in a bucket."""
    return isinstance(value, str) and value.startswith(datasets.SCHEME)


def there(origins: Mapping[Path, Origin], function: Callable[[Part], T], part: Part) -> T:
    """Return the result of a function for a part, on a machine of a cluster.

    Args:
        origins: Where files come from that this machine does not see.
        function: The work.
        part: The part, as the machine that asks sees it.

    Raises:
        GatesError: The file cannot be fetched, or as the function raises it.
    """
    origin = origins.get(part.path)
    if origin is None:
        return function(part)  # in a folder that all machines reach
    with datasets.fetched(origin) as path:
        return function(replace(part, path=path))
