from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "mengding.notices"
    label = "notices"
    verbose_name = "通知"

    def ready(self) -> None:
        """Make the deliverer of notices known to the outbox; say what is kept."""
        from mengding.notices import holdings, telling  # noqa: F401

        holdings.register()
