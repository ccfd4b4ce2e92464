"""What the demo consists of, for people and for scripts."""

from typing import Any

from mengding.demo.roster import PEOPLE
from mengding.demo.secrets import password, token
from mengding.people.models import Account


def is_loaded() -> bool:
    """Whether demo accounts exist here."""
    return Account.objects.filter(is_demo=True).exists()


def accounts() -> list[dict[str, Any]]:
    """Every demo account: username, password, token, role and what it does."""
    return [
        {
            "username": person.username,
            "password": password(person.username),
            "token": token(person.username),
            "name": person.name,
            "role": person.role.value,
            "region": person.region,
            "organisation": person.org,
            "does_zh": person.does.zh,
            "does_en": person.does.en,
        }
        for person in PEOPLE
    ]
