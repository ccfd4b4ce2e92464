from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "mengding.outreach"
    label = "outreach"
    verbose_name = "通知与宣传"

    def ready(self) -> None:
        """What the ledger calls its subjects, and who reads and adds files of material."""
        from mengding.evidence import subjects
        from mengding.ledger import naming
        from mengding.outreach import holdings, hooks, queries

        holdings.register()
        naming.register("bulletin", queries.bulletin_names)
        naming.register("material", queries.material_names)
        subjects.register_subject("material", can_read=hooks.may_read, can_write=hooks.may_write)
