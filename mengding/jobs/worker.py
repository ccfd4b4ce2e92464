"""The worker: what keeps up with the ledger has places of its own, which no long job can take."""

import asyncio
import contextlib
import signal
from collections.abc import Collection
from datetime import timedelta

from django.db.models.functions import Now
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateWorker

# Queue → how many jobs of it run at once. What comes every few seconds, as the followers of the
# ledger do, never waits for what comes every minute or every night and may take long.
QUICK, SLOW = "quick", "default"
PLACES = {QUICK: 3, SLOW: 2}


SILENT = timedelta(seconds=30)  # a worker says every ten that it is there


def runs() -> bool:
    """Whether there is a worker at all."""
    return ProcrastinateWorker.objects.filter(last_heartbeat__gt=Now() - SILENT).exists()


def work(queues: Collection[str] = PLACES, *, wait: bool = True) -> None:
    """Run jobs of these queues until told to stop, then finish those under way. Not `wait`: only
    what is queued."""
    assert isinstance(app.connector, DjangoConnector)
    with app.replace_connector(app.connector.get_worker_connector()):
        asyncio.run(_work(queues, wait))


async def _work(queues: Collection[str], wait: bool) -> None:
    whole = asyncio.current_task()
    assert whole is not None
    for sig in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sig, whole.cancel)
    # Told to stop, each finishes its jobs; when one fails, the other ends with it.
    with contextlib.suppress(asyncio.CancelledError):
        async with app.open_async(), asyncio.TaskGroup() as both:
            for queue in queues:
                both.create_task(
                    app.run_worker_async(
                        name=queue,
                        queues=[queue],
                        concurrency=PLACES[queue],
                        wait=wait,
                        install_signal_handlers=False,
                    )
                )
