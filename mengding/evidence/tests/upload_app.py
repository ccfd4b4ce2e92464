"""A server of one address that reads an upload, with the product's settings for uploads only.

For `test_uploads.py`, which runs it under the real server in a process of its own.
"""

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=[],
    FILE_UPLOAD_MAX_MEMORY_SIZE=1024 * 1024,
    FILE_UPLOAD_HANDLERS=[
        "mengding.evidence.uploads.LimitedUpload",
        "django.core.files.uploadhandler.MemoryFileUploadHandler",
        "django.core.files.uploadhandler.TemporaryFileUploadHandler",
    ],
)


def receive(request: HttpRequest) -> HttpResponse:
    """How many files came, or the refusal."""
    from mengding.core.errors import DomainError

    try:
        return HttpResponse(str(len(request.FILES)))
    except DomainError as error:
        return HttpResponse(error.code, status=error.status)


urlpatterns = [path("", receive)]
application = WSGIHandler()
