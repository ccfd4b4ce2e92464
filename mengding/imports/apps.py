from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "mengding.imports"
    label = "imports"
    verbose_name = "导入"
