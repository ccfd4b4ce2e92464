from django.apps import AppConfig


class ResourcesConfig(AppConfig):
    name = "mengding.resources"
    label = "resources"
    verbose_name = "应急资源"

    def ready(self) -> None:
        """What the ledger calls its subjects."""
        from mengding.ledger import naming
        from mengding.resources import holdings, queries

        holdings.register()
        naming.register("resource", queries.names)
        naming.register("resource_round", queries.round_names)
