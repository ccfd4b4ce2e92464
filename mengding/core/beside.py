"""A connection to the database server beside Django's own: for what may not run in its
transaction."""

from typing import Any

import psycopg
from django.db import connection


def connect(database: str = "", *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """A new connection, as the account Django uses; to Django's current database unless named.

    `postgres`, the maintenance database, is where others can be made and dropped.
    """
    known = connection.settings_dict
    return psycopg.connect(
        dbname=database or known["NAME"],
        host=known["HOST"] or None,
        port=known["PORT"] or None,
        user=known["USER"] or None,
        password=known["PASSWORD"] or None,
        autocommit=autocommit,
    )
