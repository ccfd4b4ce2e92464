"""Workers as programs of their own, to be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def python(*arguments: str, env: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python program, killed at the end with whatever it has started."""
    running = subprocess.Popen([sys.executable, *arguments], env=env, start_new_session=True)
    try:
        yield running
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
