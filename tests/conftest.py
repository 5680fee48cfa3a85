"""What all tests have in common."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from hypothesis import settings

# The same examples in each run, and no limit on their time: on a busy machine, one of them takes as long as it takes.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")

# Where the environment forbids bytecode, as those of many containers do, each worker would compile all the tests, and
# each process that a test starts would compile poolsafe, which takes longer than most tests. So it goes to the cache.
if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parent.parent / ".pytest_cache" / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


def pytest_collection_finish() -> None:
    """Exempts the collected tests from garbage collections, which would look at all of them each time."""
    gc.collect()
    gc.freeze()
