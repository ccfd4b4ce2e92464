"""HTTP shapes of warnings, of their settings and of scenic spots."""

from ninja import Router

from mengding.warnings.api import crowds, settings, warnings

router = Router()
for each in (warnings.router, settings.router, crowds.router):
    router.add_router("", each)
