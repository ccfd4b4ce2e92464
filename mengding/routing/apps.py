from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "mengding.routing"
    label = "routing"
    verbose_name = "派遣规则"
