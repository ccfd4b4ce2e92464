"""How to find somebody who asked to be visited: checked, masked, encrypted."""

import re
from dataclasses import dataclass

from mengding.cases.contacts import mask
from mengding.core import seal
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.tasks.models import CareContact

FIELDS = ("name", "phone", "address")
_PHONE = re.compile(r"^\+?[0-9][0-9 \-()]{4,22}$")


@dataclass(frozen=True, slots=True)
class CareContactData:
    """Who and where, as they said it themselves."""

    name: str
    address: str
    phone: str = ""

    def check(self) -> None:
        """Raise `Invalid` naming the field at fault."""
        for field, longest in (("name", 60), ("address", 120)):
            value = getattr(self, field)
            if not value.strip() or len(value) > longest:
                raise Invalid(
                    f"{field}_bad",
                    T("请填写，最多 {n} 字。", "Fill in, at most {n} characters.").fill(n=longest),
                    field=f"contact.{field}",
                )
        if self.phone and not _PHONE.match(self.phone):
            raise Invalid(
                "phone_bad",
                T("电话号码格式不正确。", "This is not a phone number."),
                field="contact.phone",
            )


def _masked(field: str, value: str) -> str:
    """As everybody may see it; of an address only its beginning."""
    return f"{value[:2]}***" if field == "address" else mask(field, value)


def store(consent_id: int, data: CareContactData) -> None:
    """Keep it, encrypted."""
    values = {field: getattr(data, field).strip() for field in FIELDS}
    CareContact.objects.create(
        consent_id=consent_id,
        masked={field: _masked(field, value) for field, value in values.items() if value},
        **{
            field: seal.encrypt(value, context=f"care:{consent_id}:{field}")
            for field, value in values.items()
            if value
        },
    )


def read(contact: CareContact) -> dict[str, str]:
    """In clear. Only `actions.care` calls this."""
    return {
        field: seal.decrypt(bytes(sealed), context=f"care:{contact.pk}:{field}")
        for field in FIELDS
        if (sealed := getattr(contact, field))
    }
