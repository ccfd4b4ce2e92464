from django.apps import AppConfig


class CostsConfig(AppConfig):
    name = "mengding.costs"
    label = "costs"
    verbose_name = "成本效益"

    def ready(self) -> None:
        """Tell the ledger how versions of rates are called."""
        from mengding.costs.queries.rates import names
        from mengding.ledger import naming

        naming.register("cost_rates", names)
