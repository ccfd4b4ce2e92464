from django.apps import AppConfig


class PresenceConfig(AppConfig):
    name = "mengding.presence"
    label = "presence"
    verbose_name = "同时在看"
