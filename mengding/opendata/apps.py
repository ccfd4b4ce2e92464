from django.apps import AppConfig


class OpendataConfig(AppConfig):
    name = "mengding.opendata"
    label = "opendata"
    verbose_name = "数据开放"

    def ready(self) -> None:
        """Say how the ledger calls the terms of publication."""
        from mengding.ledger import naming

        naming.register("opendata", lambda ids: {pk: f"v{pk}" for pk in ids})
