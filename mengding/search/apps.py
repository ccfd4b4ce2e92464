from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "mengding.search"
    label = "search"
    verbose_name = "检索"
