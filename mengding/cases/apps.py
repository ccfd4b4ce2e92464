from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "mengding.cases"
    label = "cases"
    verbose_name = "案件"

    def ready(self) -> None:
        """Tell the apps below what only this one knows."""
        from mengding.cases import hooks

        hooks.register()
