"""How much is accepted. Defaults here; `settings.EVIDENCE_LIMITS` (a dict) overrides by name."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, pixels counted as width x height."""

    image_bytes: int = 20 * MIB
    file_bytes: int = 50 * MIB
    pixels: int = 50_000_000
    archive_members: int = 2_000
    archive_unpacked_bytes: int = 200 * MIB
    archive_ratio: int = 100  # unpacked : packed, looked at above `archive_ratio_from` only
    archive_ratio_from: int = 5 * MIB
    form_bytes: int = MIB  # what a multipart form may weigh beside its file
    # Of one account, announced and not yet attached:
    uploads: int = 100
    uploads_bytes: int = 500 * MIB
    upload_days: int = 8  # after the last byte; the outbox may be offline for seven
    chunk_bytes: int = 256 * 1024  # advised for one PATCH
