"""Limits as set for this installation."""

from django.conf import settings

from mengding.evidence.limits import Limits


def limits() -> Limits:
    """The defaults with `settings.EVIDENCE_LIMITS` over them; an unknown name is a `TypeError`."""
    return Limits(**getattr(settings, "EVIDENCE_LIMITS", {}))
