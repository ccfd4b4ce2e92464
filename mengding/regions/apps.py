from django.apps import AppConfig


class RegionsConfig(AppConfig):
    name = "mengding.regions"
    label = "regions"
    verbose_name = "区划"
