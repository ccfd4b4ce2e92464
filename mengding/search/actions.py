"""Keeping the index in step; called in the transaction that changes the text."""

from datetime import datetime

from django.db import connection

from mengding.search.text import document


def index(case_id: int, reported_at: datetime, *fields: str) -> None:
    """(Re)index one case by its texts: number, class names, address, description, replies."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO search_entry (case_id, reported_at, document)"
            " VALUES (%s, %s, %s::tsvector)"
            " ON CONFLICT (case_id) DO UPDATE SET document = excluded.document",
            [case_id, reported_at, document(*fields)],
        )
