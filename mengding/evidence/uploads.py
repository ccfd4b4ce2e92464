"""The size limit of uploads, enforced before and while a form is read.

First in `settings.FILE_UPLOAD_HANDLERS`, so it holds for every multipart form of the product,
whoever happens to read it first. A body that announces too much is refused before a byte of it is
read; one that sends more than it should is refused as soon as it does.
"""

from __future__ import annotations

from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from mengding.evidence import refusals
from mengding.evidence.config import limits


class LimitedUpload(FileUploadHandler):
    """Counts; the handlers behind it keep the bytes. Raises `TooLarge` naming the field."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.limits = limits()
        self.received = 0

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Refuse by the announced length."""
        if content_length > self.limits.file_bytes + self.limits.form_bytes:
            raise refusals.too_large(self.limits.file_bytes)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Refuse by what really came, over all files of the form together."""
        self.received += len(raw_data)
        if self.received > self.limits.file_bytes:
            raise refusals.too_large(self.limits.file_bytes)
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Nothing kept here."""
        return None
