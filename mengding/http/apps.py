from django.apps import AppConfig


class HttpConfig(AppConfig):
    name = "mengding.http"
    label = "http"
    verbose_name = "接口"
