from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IndicatorsConfig(AppConfig):
    name = "mengding.indicators"
    label = "indicators"
    verbose_name = "评价指标"

    def ready(self) -> None:
        """Tell the ledger how closed months are called.

        After migrations, when nobody else writes, sums that are new in this version are made.
        """
        from mengding.indicators.queries.closed import names
        from mengding.ledger import naming

        naming.register("period", names)
        post_migrate.connect(_sum_up, sender=self)


def _sum_up(sender: Any, **_signal: Any) -> None:
    from django.db import connection, transaction

    from mengding.indicators import actions, rollup
    from mengding.ledger import feed

    # Not there when the migrations of indicators were taken back.
    if {rollup.FACTS, rollup.CELLS} <= set(connection.introspection.table_names()):
        with transaction.atomic():
            feed.hold(actions.READER, wait=True)
            rollup.sum_up()
