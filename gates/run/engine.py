"""What carries a gate's work over the parts of a table: this process, or Ray."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gates.adapters import engine_local, engine_ray
from gates.parts import Over, Part, T
from gates.run.project import Project

LOCAL, RAY = "local", "ray"


@contextmanager
def over(project: Project, engine: str) -> Iterator[Over[Any]]:
    """Give what carries a function over parts, and tells how far it is.

    Args:
        project: Its screen tells.
        engine: local, ray, or ray://host:port.

    Raises:
        GatesError: The engine is not there.
    """
    if engine == LOCAL:
        yield _told(project, engine_local.carry)
        return
    with engine_ray.joined("" if engine == RAY else engine) as cluster:
        yield _told(project, cluster.carry)


def _told(project: Project, carry: Callable[..., Iterable[Any]]) -> Over[Any]:
    def told(parts: Sequence[Part], function: Callable[[Part], T]) -> list[T]:
        with project.screen.counting(sum(part.rows for part in parts)) as counted:
            return list(carry(parts, function, lambda part: counted(part.rows)))

    return told
