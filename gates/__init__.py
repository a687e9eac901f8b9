"""ML Gates: CI is the only path of an ML model to production."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gates.run.loader import Served, load_champion

__version__ = "0.1.0"
__all__ = ["Served", "__version__", "load_champion"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the loader has
    """Import the loader when it is asked for: commands that load no model do not pay for it."""
    if name in {"Served", "load_champion"}:
        from gates.run import loader

        return getattr(loader, name)
    raise AttributeError(f"module 'gates' has no attribute {name!r}")
