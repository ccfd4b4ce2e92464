"""A server process of the demo district, and a browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.hands import CHROMIUM, ROOT, word_of


class Served:
    """A server process of the demo district that a test may stop and start again."""

    def __init__(self, database: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.env = {
            **os.environ,
            "DATABASE_URL": _url(database),
            "DJANGO_SETTINGS_MODULE": "mengding.settings",
            "PYTHONPATH": str(ROOT),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        command = [sys.executable, "-m", "mengding", "serve", "box", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env)
        until = time.monotonic() + 60
        while True:
            assert self.process.poll() is None, "the server has stopped"
            assert time.monotonic() < until, "the server does not answer"
            try:
                urllib.request.urlopen(f"{self.base}/open311/v2/discovery.json", timeout=5).close()
                return
            except OSError:
                time.sleep(0.2)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


def _url(database: str) -> str:
    from django.conf import settings

    known = settings.DATABASES["default"]
    user = known["USER"] + (f":{known['PASSWORD']}" if known["PASSWORD"] else "")
    if known["HOST"].startswith("/"):
        port = known["PORT"] or 5432
        return f"postgresql://{user}@/{database}?host={known['HOST']}&port={port}"
    return f"postgresql://{user}@{known['HOST'] or 'localhost'}:{known['PORT'] or 5432}/{database}"


@pytest.fixture(scope="module")
def served(fresh_world: str, django_db_blocker: Any) -> Iterator[Served]:
    """The server process itself."""
    from django.contrib.auth.hashers import make_password

    from mengding.people.models import Account

    with django_db_blocker.unblock():  # the demo was loaded with quick hashes; a server knows none
        for account in Account.objects.exclude(password=""):
            account.password = make_password(word_of(account.username))
            account.save(update_fields=["password"])
    running = Served(fresh_world)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def server(served: Served) -> str:
    """The address of a server process of the demo district."""
    return served.base


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None or os.environ.get("MENGDING_NO_BROWSER"):
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()
