from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    name = "mengding.ledger"
    label = "ledger"
    verbose_name = "台账"

    def ready(self) -> None:
        """Say what is kept about an account.

        After migrations, when nobody else writes, the feed is made to go on rising.
        """
        from mengding.ledger import holdings

        holdings.register()
        post_migrate.connect(_rebase, sender=self)


def _rebase(sender: Any, **_signal: Any) -> None:
    from django.db import connection

    from mengding.ledger import feed

    # Not there when the ledger's migrations were taken back.
    if {"ledger_base", "ledger_event"} <= set(connection.introspection.table_names()):
        feed.rebase()
