"""ML Gates: CI is the only path of a model to production."""

__version__ = "0.1.0"
