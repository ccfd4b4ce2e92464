from django.apps import AppConfig


class WarningsConfig(AppConfig):
    name = "mengding.warnings"
    label = "warnings"
    verbose_name = "预警"
