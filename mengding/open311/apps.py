from django.apps import AppConfig


class Open311Config(AppConfig):
    name = "mengding.open311"
    label = "open311"
    verbose_name = "Open311"

    def ready(self) -> None:
        """Errors below our addresses take the standard's form, also those found before a view."""
        from mengding.http.problem import use_form
        from mengding.open311.errors import form

        use_form("/open311/v2/", form)
