"""The first thing a worker process loads. Nothing of Django may be imported before its set-up."""

import pickle
import signal
from typing import Any


def main(packed: bytes, results: Any) -> None:
    """`packed`: the arguments of `runner.work`, pickled; they name classes that need Django."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process decides
    import django

    django.setup(set_prefix=False)
    from mengding.imports import runner

    task, database, parent = pickle.loads(packed)
    runner.work(task, database, parent, results)
