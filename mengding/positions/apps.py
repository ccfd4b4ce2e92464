from django.apps import AppConfig


class PositionsConfig(AppConfig):
    name = "mengding.positions"
    label = "positions"
    verbose_name = "工作人员位置"

    def ready(self) -> None:
        """Tell other parts what positions are called."""
        from mengding.duty.hooks import keeps_positions
        from mengding.positions import config, holdings, hooks

        hooks.register()
        holdings.register()
        keeps_positions(config.DAYS)
