"""Random texts are the same in every run, and the first one may wait for a compiler."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("text", deadline=None, derandomize=True)
settings.load_profile("text")
