"""Addresses below /open/: for everybody, nobody signs in."""

from django.urls import path

from mengding.opendata import views

app_name = "opendata"
urlpatterns = [
    path("", views.page, name="page"),
    path("months.json", views.month_list, name="months"),
    path("<str:text>/statistics.json", views.statistics_json, name="statistics_json"),
    path("<str:text>/statistics.csv", views.statistics_csv, name="statistics_csv"),
    path("<str:text>/cases.csv", views.cases_csv, name="cases_csv"),
    path("<str:text>/cases.geojson", views.cases_geojson, name="cases_geojson"),
]
