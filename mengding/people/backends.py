"""Django's sign-in (the admin site's form) through the same checks, lock-out and ledger."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from mengding.http.request import request_id_of
from mengding.people.models import Account


class Locking(ModelBackend):
    """Signs in through `actions.verify`; what an account may do is asked of the account."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_other: Any,
    ) -> Account | None:
        """The account, or None; every attempt is counted and recorded.

        That form asks for no code: with a second step one signs in at the console.
        """
        # Not at the top: the actions need the models, and Django loads backends by name early.
        from mengding.people.actions import verify

        if username is None or password is None:
            return None
        request_id = request_id_of(request) if request is not None else ""
        account = verify(username, password, request_id=request_id)
        return account if account is not None and not account.second_factor else None
