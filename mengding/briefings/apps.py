from django.apps import AppConfig


class BriefingsConfig(AppConfig):
    name = "mengding.briefings"
    label = "briefings"
    verbose_name = "简报"

    def ready(self) -> None:
        """Say how the ledger calls briefings and their templates."""
        from mengding.briefings.queries import names, template_names
        from mengding.ledger import naming

        naming.register("briefing", names)
        naming.register("briefing_form", template_names)
