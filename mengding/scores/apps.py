from django.apps import AppConfig


class ScoresConfig(AppConfig):
    name = "mengding.scores"
    label = "scores"
    verbose_name = "工作评价"

    def ready(self) -> None:
        """What the ledger calls its subjects; what is kept about an account."""
        from mengding.ledger import naming
        from mengding.scores import holdings, queries

        holdings.register()
        naming.register("evaluation", queries.month_names)
        naming.register("evaluation_rules", queries.rule_names)
