from django.apps import AppConfig


class EscalationConfig(AppConfig):
    name = "mengding.escalation"
    label = "escalation"
    verbose_name = "催办"

    def ready(self) -> None:
        """Say how versions of the chains are called in the ledger."""
        from mengding.escalation.models import ChainSet
        from mengding.ledger import naming

        def versions(ids: set[int]) -> dict[int, str]:
            found = ChainSet.objects.filter(pk__in=ids).values_list("pk", "version")
            return {pk: f"v{version}" for pk, version in found}

        naming.register("chains", versions)
