"""HTTP shapes of duty."""

from ninja import Router

from mengding.duty.api import area, asked, own, roster, teams

router = Router(tags=["duty"])
for part in (own, area, teams, roster, asked):
    router.add_router("", part.router)
