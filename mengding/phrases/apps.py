from django.apps import AppConfig


class PhrasesConfig(AppConfig):
    name = "mengding.phrases"
    label = "phrases"
    verbose_name = "标准用语"
