from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "mengding.evidence"
    label = "evidence"
    verbose_name = "照片与附件"

    def ready(self) -> None:
        """Say what is kept about an account."""
        from mengding.evidence import holdings

        holdings.register()
