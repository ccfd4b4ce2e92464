from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "mengding.indicators"
    label = "indicators"
    verbose_name = "评价指标"

    def ready(self) -> None:
        """Tell the ledger how closed months are called."""
        from mengding.indicators.queries.closed import names
        from mengding.ledger import naming

        naming.register("period", names)
