"""Children are never lost to a signal that comes while they start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from mengding.runtime.processes import alive
from mengding.runtime.state import checkout_dir

# Interrupted between the start of a child and the name it is kept under, then told what it has.
PROGRAM = """
import os, signal, sys, time
from mengding.runtime.processes import interrupted_after, spawn

child = None
try:
    with interrupted_after():
        started = spawn([sys.executable, "-c", "import time; time.sleep(60)"], log=None)
        os.kill(os.getpid(), signal.{name})
        time.sleep(0.05)
        child = started
    print("not interrupted")
except BaseException as error:
    print(type(error).__name__)
child.send_signal(signal.{name})
print(child.pid, child.wait(20))
"""


def interrupted(sig: signal.Signals) -> list[str]:
    program = PROGRAM.format(name=sig.name)
    if sig is not signal.SIGINT:
        program = f"import signal\nsignal.signal(signal.{sig.name}, lambda *_: exit(3))\n{program}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(checkout_dir())},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.split()


def test_an_interruption_waits_until_the_child_is_known() -> None:
    for sig, name in ((signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "SystemExit")):
        said, pid, code = interrupted(sig)
        assert said == name
        # The child itself hears the signal: it does not inherit our waiting.
        assert (int(code), alive(int(pid))) == (-sig, False)


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import sys, os; from mengding.runtime.processes import spawn; "
        "print(spawn([sys.executable, '-c', 'import time; time.sleep(60)'], log=None).pid, "
        "flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(checkout_dir())},
        stdout=(tmp_path / "out").open("wb"),
        timeout=60,
        check=False,
    )
    pid = int((tmp_path / "out").read_text("ascii"))
    assert done.returncode == -signal.SIGKILL
    for _ in range(200):
        if not alive(pid):
            return
        os.sched_yield()
        subprocess.run(["sleep", "0.05"], check=True)
    raise AssertionError(f"{pid} outlived its parent")
