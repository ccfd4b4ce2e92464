"""HTTP shapes of the catalogue."""

from ninja import Router

from mengding.catalogue.api import drafts, versions

router = Router(tags=["catalogue"])
for part in (versions, drafts):
    router.add_router("", part.router)

__all__ = ["router"]
