"""Password rules beside Django's own."""

import secrets
from typing import TYPE_CHECKING, Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from mengding.core import text
from mengding.core.errors import Invalid
from mengding.core.text import Language, T

if TYPE_CHECKING:
    from mengding.people.models import Account

_RULE = T(
    "密码须包含大写字母、小写字母、数字、符号中的至少三种。",
    "The password needs at least three of: upper case, lower case, digits, symbols.",
)


def kinds(password: str) -> int:
    """How many of upper case, lower case, digit and symbol occur (0 to 4).

    A letter without case (a Chinese character) counts as a symbol: it is neither of the others.
    """
    return len({_kind(character) for character in password})


def _kind(character: str) -> str:
    if character.isupper():
        return "upper"
    if character.islower():
        return "lower"
    return "digit" if character.isdecimal() else "symbol"


class ThreeKinds:
    """At least three of the four kinds of characters (MLPS level 3 practice)."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise Django's `ValidationError` (code `password_three_kinds`) when too uniform."""
        if kinds(password) < 3:
            raise ValidationError(_RULE.said(), code="password_three_kinds")

    def get_help_text(self) -> str:
        """The rule in the reader's language."""
        return _RULE.said()


def require_good(password: str, account: "Account", field: str = "new_password") -> None:
    """Raise `Invalid("password_weak")` on `field` with every rule broken, in both languages."""
    chinese, english = _broken(password, account, "zh"), _broken(password, account, "en")
    if chinese:
        raise Invalid("password_weak", T("".join(chinese), " ".join(english)), field=field)


def _broken(password: str, account: "Account", language: Language) -> list[str]:
    before = text.language.set(language)
    try:
        with translation.override("zh-hans" if language == "zh" else "en"):
            validate_password(password, account)
            return []
    except ValidationError as error:
        return list(error.messages)
    finally:
        text.language.reset(before)


def one_time() -> str:
    """A random password that passes the rules (22 characters, about 120 bits)."""
    while True:
        password = secrets.token_urlsafe(16)
        if kinds(password) >= 3:
            return password
