"""HTTP shapes of tasks, places, inspections and care visits."""

from ninja import Router

from mengding.tasks.api import care, doing, inspecting, kinds, overview, places, plans

router = Router(tags=["tasks"])
for part in (doing, overview, plans, kinds, places, inspecting, care):
    router.add_router("", part.router)

__all__ = ["router"]
