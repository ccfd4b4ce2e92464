"""What duty learns from posts and accounts below it, and from who keeps positions above it."""

from typing import Any

from django.db.models.signals import post_save

from mengding.people.models import Account, Post

_kept_days: int | None = None


def keeps_positions(days: int) -> None:
    """Register for how many days positions are kept: said to who goes on duty."""
    global _kept_days
    _kept_days = days


def position_days() -> int | None:
    """For how many days positions are kept; None when nobody keeps any."""
    return _kept_days


def register() -> None:
    """A closed post or account is off duty from that moment."""
    post_save.connect(_post_saved, sender=Post, dispatch_uid="duty.post")
    post_save.connect(_account_saved, sender=Account, dispatch_uid="duty.account")


def _post_saved(instance: Post, **_signal: Any) -> None:
    from mengding.duty import actions

    if not instance.active:
        actions.end_for_post(instance.account_id, instance.pk)


def _account_saved(instance: Account, **_signal: Any) -> None:
    from mengding.duty import actions

    if not instance.is_active:
        actions.end_for_post(instance.pk, None)
