from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "mengding.people"
    label = "people"
    verbose_name = "机构与人员"

    def ready(self) -> None:
        """Every saved change empties the memories of `cache`."""
        from django.db.models.signals import post_delete, post_save

        from mengding.ledger import naming
        from mengding.people import cache, holdings, hooks, models, queries, signals  # noqa: F401
        from mengding.regions.models import Region

        hooks.register()
        holdings.register()
        naming.register("account", queries.known_names)
        for model in (
            Region,
            models.Organisation,
            models.Account,
            models.SecondFactor,
            models.Post,
            models.Token,
        ):
            post_save.connect(cache.forget, sender=model, dispatch_uid="people.forget")
            post_delete.connect(cache.forget, sender=model, dispatch_uid="people.forget")
