"""Signing out is recorded wherever it happens: our own route or the admin site's button."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from mengding.core.actor import Actor, ActorKind
from mengding.http.request import request_id_of
from mengding.ledger.actions import Entry, record
from mengding.people.models import Account


@receiver(user_logged_out, dispatch_uid="people.sign_out")
def note_sign_out(request: HttpRequest, user: Account | None, **_signal: Any) -> None:
    """One event for a session that belonged to somebody."""
    if user is None:
        return
    actor = Actor(kind=ActorKind.STAFF, account_id=user.pk, request_id=request_id_of(request))
    with transaction.atomic():
        record(actor, Entry("account", user.pk, "account.sign_out"))
