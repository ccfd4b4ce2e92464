from django.apps import AppConfig


class BulkConfig(AppConfig):
    name = "mengding.bulk"
    label = "bulk"
    verbose_name = "批量操作"
