"""Views of the tiny site in ``stub.py``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path


def rows(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        if request.method == "POST":
            cursor.execute("INSERT INTO demo DEFAULT VALUES")
        cursor.execute("SELECT count(*) FROM demo")
        return JsonResponse({"rows": cursor.fetchone()[0], "pid": os.getpid()})


def echo(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        {
            "size": len(request.body),
            "type": request.content_type,
            "path": request.path,
            "query": request.GET.get("q"),
            "header": request.headers.get("X-Real"),
        }
    )


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        for number in range(3):
            time.sleep(0.05)
            yield f"part {number}\n".encode()

    return StreamingHttpResponse(parts(), content_type="text/plain")


def backends(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type='client backend'")
        return JsonResponse({"backends": cursor.fetchone()[0]})


urlpatterns = [
    path("", rows),
    path("echo/路", echo),
    path("stream", stream),
    path("backends", backends),
]
