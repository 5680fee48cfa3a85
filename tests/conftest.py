"""What all tests have in common."""

from __future__ import annotations

from hypothesis import settings

# The same examples in each run, and no limit on their time: on a busy machine, one of them takes as long as it takes.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")
