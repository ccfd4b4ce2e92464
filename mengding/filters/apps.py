from django.apps import AppConfig


class FiltersConfig(AppConfig):
    name = "mengding.filters"
    label = "filters"
    verbose_name = "筛选"
