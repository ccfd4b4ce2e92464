from django.apps import AppConfig


class FieldConfig(AppConfig):
    name = "mengding.field"
    label = "field"
    verbose_name = "移动端"
