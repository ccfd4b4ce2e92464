from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "mengding.figures"
    label = "figures"
    verbose_name = "数字"
