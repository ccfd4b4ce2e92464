from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "mengding.tasks"
    label = "tasks"
    verbose_name = "日常任务"

    def ready(self) -> None:
        """Tell the apps below what only this one knows."""
        from mengding.tasks import holdings, hooks

        holdings.register()
        hooks.register()
