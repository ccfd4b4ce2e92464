"""Evidence over HTTP."""

from ninja import Router

from mengding.evidence.api import files, uploads

router = Router(tags=["evidence"])
for part in (files, uploads):
    router.add_router("", part.router)

__all__ = ["router"]
