"""Work over the parts of a table as tasks of a Ray cluster, or of a Ray that is started here for it.

Ray starts a task again whose process or machine was lost. The results come in the order of the parts, so what
is made of them has the same bytes as what `engine_local` makes.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gates.errors import GatesError, InvalidError, UnavailableError
from gates.parts import Part, T

RETRIES = 3  # of a task whose process or machine was lost
AHEAD = 4  # tasks for each processor that wait or run


class Cluster:
    """A cluster of Ray that was joined."""

    def __init__(self, ray: Any) -> None:  # noqa: ANN401 - an extra, without types where it is absent
        """Use Ray, which was started."""
        self._ray = ray
        self._most = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))

    def carry(
        self, parts: Sequence[Part], function: Callable[[Part], T], done: Callable[[Part], None]
    ) -> list[T]:
        """Return the results of a function for all parts, in their order, and tell of each that is done.

        Raises:
            GatesError: As the function raises it; or UnavailableError where a task was lost again and again.
        """
        ray = self._ray
        task, shared = ray.remote(max_retries=RETRIES)(_apply), ray.put(function)
        waiting = list(enumerate(parts))[::-1]
        running: dict[Any, int] = {}
        results: dict[int, T] = {}
        with self._explained():
            while waiting or running:
                while waiting and len(running) < self._most:
                    place, part = waiting.pop()
                    running[task.remote(shared, part)] = place
                for ended in ray.wait(list(running))[0]:
                    place = running.pop(ended)
                    results[place] = ray.get(ended)
                    done(parts[place])
        return [results[place] for place in range(len(parts))]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn Ray's errors into ours."""
        from ray.exceptions import RayError, RayTaskError

        try:
            yield
        except RayTaskError as error:
            if isinstance(error.cause, GatesError):
                raise error.cause from None
            raise UnavailableError(
                "A task of Ray failed.", why=f"{error.cause}.", do="Run it here: --engine local"
            ) from error
        except RayError as error:
            raise UnavailableError(
                f"Ray lost a task {RETRIES + 1} times.",
                why=f"{str(error).splitlines()[0] if str(error) else type(error).__name__}",
                do="See whether its machines have memory enough, and run the same command again.",
            ) from error


@contextmanager
def joined(address: str) -> Iterator[Cluster]:
    """Join the cluster at ``ray://host:port``, or start a Ray here for this work where the address is empty.

    Raises:
        InvalidError: Ray is not installed.
        UnavailableError: The cluster does not answer.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # its new way, and no warning of the old
    try:
        import ray
    except ImportError as error:
        raise InvalidError(
            "Ray is not installed.", do="Install it: pip install 'ml-gates[ray]', or use --engine local."
        ) from error
    try:
        _join(ray, address)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        told = str(error).splitlines() or [type(error).__name__]
        # What a cluster could not begin it tells as a traceback, whose last line is the reason.
        why = told[-1] if isinstance(error, ConnectionAbortedError) else told[0]
        raise UnavailableError(
            f"Ray {'at ' + address if address else 'on this machine'} does not answer.",
            why=why,
            do="Check the address and the cluster's token, RAY_AUTH_MODE=token and RAY_AUTH_TOKEN; "
            "or use --engine local.",
        ) from error
    try:
        yield Cluster(ray)
    finally:
        ray.shutdown()


def _join(ray: Any, address: str) -> None:  # noqa: ANN401 - an extra, without types where it is absent
    """Join a cluster, or start a Ray here; twice where the cluster answers and cannot begin what we ask.

    It starts a process for whoever joins, and gives that up where the machine is busy.
    """
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if not address:
        ray.init(address="local", include_dashboard=False, **quiet)
        return
    try:
        ray.init(address=address, **quiet)
    except ConnectionAbortedError:
        ray.shutdown()
        ray.init(address=address, **quiet)


def _apply(function: Callable[[Part], T], part: Part) -> T:
    return function(part)
