"""Addresses below /open311/v2/. The format is the suffix: .json or .xml."""

from django.urls import path, re_path

from mengding.open311 import views

app_name = "open311"
urlpatterns = [
    path("discovery.<str:suffix>", views.discovery, name="discovery"),
    path("services.<str:suffix>", views.services, name="services"),
    path("services/<str:code>.<str:suffix>", views.service, name="service"),
    path("requests.<str:suffix>", views.requests, name="requests"),
    path("requests/<str:number>.<str:suffix>", views.request, name="request"),
    path("tokens/<str:token>.<str:suffix>", views.token, name="token"),
    path("servicerequestupdates.<str:suffix>", views.updates, name="updates"),
    re_path(r"^.*$", views.nowhere, name="nowhere"),
]
