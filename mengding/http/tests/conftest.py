"""The tools in front of the small API of `app.py`."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings

TABLE = "CREATE TABLE IF NOT EXISTS http_test_things (id serial PRIMARY KEY, name text)"
CHAIN = [
    "mengding.http.middleware.RequestContext",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "mengding.http.tests.app.TestActor",
    "mengding.http.middleware.Idempotency",
]


@pytest.fixture
def chain() -> Iterator[None]:
    with override_settings(
        ROOT_URLCONF="mengding.http.tests.app",
        MIDDLEWARE=CHAIN,
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    ):
        yield


@pytest.fixture
def client(chain: None) -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def things(db: None) -> Iterator["Things"]:
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
        yield Things()
        cursor.execute("DROP TABLE http_test_things")


class Things:
    """Reads what the actions of the small API wrote."""

    def names(self) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM http_test_things ORDER BY id")
            return [row[0] for row in cursor.fetchall()]


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}
