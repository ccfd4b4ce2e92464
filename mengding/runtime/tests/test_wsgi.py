"""A web process keeps what it loaded at its start out of garbage collection."""

import subprocess
import sys

SCRIPT = """
import gc, sys
import mengding.wsgi
print(gc.get_freeze_count(), len(gc.get_objects()), "mengding.urls" in sys.modules)
"""


def test_what_was_loaded_is_looked_at_no_more() -> None:
    made = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    frozen, collected, urls = made.stdout.split()[-3:]
    assert int(frozen) > 100_000
    assert int(collected) < int(frozen) / 10
    assert urls == "True"
