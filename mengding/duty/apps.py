from django.apps import AppConfig


class DutyConfig(AppConfig):
    name = "mengding.duty"
    label = "duty"
    verbose_name = "勤务"

    def ready(self) -> None:
        """Follow posts and accounts; name what the ledger tells of."""
        from mengding.duty import holdings, hooks, names

        holdings.register()
        hooks.register()
        names.register()
