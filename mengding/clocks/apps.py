from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "mengding.clocks"
    label = "clocks"
    verbose_name = "时限"
