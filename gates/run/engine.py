"""What carries a gate's work over the parts of a table: this process, or Ray."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from gates.adapters import datasets, engine_local, engine_ray
from gates.errors import InvalidError
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


@contextmanager
def at_hand(project: Project, tables: Iterable[Any], engine: str) -> Iterator[list[Any]]:
    """Give the same values with a folder on this machine in place of each ``s3://bucket/prefix``.

    Raises:
        GatesError: A bucket cannot be read, or a cluster could not reach what was brought here.
    """
    with ExitStack() as stack:
        yield [
            stack.enter_context(_brought(project, str(each), engine)) if is_remote(each) else each
            for each in tables
        ]


def is_remote(value: object) -> bool:
    """Return whether a value names a table in a bucket."""
    return isinstance(value, str) and value.startswith(datasets.SCHEME)


@contextmanager
def _brought(project: Project, uri: str, engine: str) -> Iterator[Path]:
    if engine not in {LOCAL, RAY}:
        raise InvalidError(
            f"{uri} is brought to this machine, which the cluster at {engine} does not see.",
            do="Give a folder that all its machines reach, or --engine ray.",
        )
    project.say(f"bringing {uri}")
    with datasets.brought(uri, project.root) as folder:
        yield folder


def _told(project: Project, carry: Callable[..., Iterable[Any]]) -> Over[Any]:
    def told(parts: Sequence[Part], function: Callable[[Part], T]) -> list[T]:
        with project.screen.counting(sum(part.rows for part in parts)) as counted:
            return list(carry(parts, function, lambda part: counted(part.rows)))

    return told
