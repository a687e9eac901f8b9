"""Property tests answer the same for the same commit, however busy the machine is."""

from hypothesis import settings

settings.register_profile("gates", deadline=None, derandomize=True)
settings.load_profile("gates")
