"""Settings of a tiny site, so that the supervisor's tests start in a second.

Real parts: embedded database, migrations, worker, web processes. Only the product's own
applications are replaced, including the demo, which here is one row in a table.
"""

from __future__ import annotations

import importlib
import os
import sys
import types
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mengding.runtime.state import load_secrets

_url = urlsplit(os.environ["DATABASE_URL"])
SECRET_KEY = load_secrets().django_key
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "mengding.runtime.tests.stub_urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "procrastinate.contrib.django"]
MIDDLEWARE: list[str] = []
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = None
DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _url.path.lstrip("/"),
        "USER": unquote(_url.username or ""),
        "PASSWORD": unquote(_url.password or ""),
        "HOST": dict(parse_qsl(_url.query)).get("host", _url.hostname or ""),
        "PORT": str(_url.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
}


def _sql(text: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchone()[0] if cursor.description else None


queries: Any = types.ModuleType("mengding.demo.queries")
actions: Any = types.ModuleType("mengding.demo.actions")
queries.is_loaded = lambda: _sql("SELECT to_regclass('demo') IS NOT NULL")
queries.accounts = lambda: [
    {"role": "值班员 operator", "username": "desk", "password": "pass-word", "token": "t"}
]
actions.load = lambda: _sql("CREATE TABLE demo (id bigserial PRIMARY KEY)")
for _module in (queries, actions):
    _package, _, _name = _module.__name__.rpartition(".")
    sys.modules[_module.__name__] = _module
    setattr(importlib.import_module(_package), _name, _module)
