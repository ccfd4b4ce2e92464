"""``mengding worker``: background jobs, those that follow the ledger in a process of their own.

A long calculation holds Python for itself, whatever threads there are beside it: in one process
the numbers came up to half a minute late while warnings were looked for.
"""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess

from django.db import connections

from mengding.jobs.worker import QUICK, SLOW, work
from mengding.runtime.processes import before_exec, interrupted_after


def run() -> None:
    """Run jobs until told to stop, then finish those under way.

    Where the process of long jobs breaks off, this one ends with exit code 1: whoever keeps
    workers up starts both again.
    """
    assert threading.active_count() == 1, "a fork takes no other thread along"
    connections.close_all()
    gc.collect()
    gc.freeze()  # what is there stays shared
    # Not asked to end with its parent: it would wait for a database that went down with that. A job
    # that breaks off has changed nothing and runs again.
    apart = multiprocessing.get_context("fork").Process(
        target=_long_jobs, args=(before_exec(signal.SIGKILL),)
    )
    with interrupted_after():
        apart.start()
    stopping = threading.Event()
    threading.Thread(target=_watch, args=(apart, stopping), daemon=True).start()
    try:
        work([QUICK])
    finally:
        stopping.set()
        apart.terminate()
        apart.join()


def _long_jobs(prepare: Callable[[], None]) -> None:
    prepare()
    work([SLOW])


def _watch(apart: ForkProcess, stopping: threading.Event) -> None:
    wait([apart.sentinel])
    if stopping.is_set():
        return
    apart.join()
    if apart.exitcode:  # 0: told to stop as we were
        print(f"the process of long jobs ended: {apart.exitcode}", file=sys.stderr, flush=True)
        os._exit(1)
