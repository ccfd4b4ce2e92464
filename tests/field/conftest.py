"""A server of the demo district and a browser, as for the console; see `tests/desk/conftest.py`."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.conftest import Served
from tests.desk.conftest import served as served
from tests.desk.conftest import server as server
from tests.desk.hands import CHROMIUM

ARGS = ["--no-sandbox", "--disable-gpu"]


@pytest.fixture(scope="module")
def driver(served: Served) -> Iterator[Any]:
    """Playwright itself, for tests that start and kill browsers; after the database is there."""
    if CHROMIUM is None or os.environ.get("MENGDING_NO_BROWSER"):
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def browser(driver: Any) -> Iterator[Any]:
    running = driver.chromium.launch(executable_path=CHROMIUM, args=ARGS)
    yield running
    running.close()
