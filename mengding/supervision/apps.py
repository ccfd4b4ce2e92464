from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "mengding.supervision"
    label = "supervision"
    verbose_name = "督办"

    def ready(self) -> None:
        """Keep the demands that the verb `supervise` of cases makes."""
        from mengding.cases import demands
        from mengding.supervision import actions

        demands.register(actions.keep)
