"""How to answer a reporter: checked, masked, encrypted."""

import re
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from mengding.cases.models import Contact
from mengding.core import clock, seal
from mengding.core.errors import Invalid
from mengding.core.text import T

# Shortest useful retention: a case is answered, checked and may be appealed within this time.
KEEP_DAYS = 180
FIELDS = ("name", "phone", "email")
_PHONE = re.compile(r"^\+?[0-9][0-9 \-()]{4,22}$")


@dataclass(frozen=True, slots=True)
class ContactData:
    """What a reporter left so that they can be answered; every field may be empty."""

    name: str = ""
    phone: str = ""
    email: str = ""

    def check(self) -> None:
        """Raise `Invalid` naming the field that cannot be right."""
        if len(self.name) > 60:
            raise Invalid(
                "name_long", T("姓名过长。", "The name is too long."), field="contact.name"
            )
        if self.phone and not _PHONE.match(self.phone):
            raise Invalid(
                "phone_bad",
                T("电话号码格式不正确。", "This is not a phone number."),
                field="contact.phone",
            )
        if self.email:
            try:
                validate_email(self.email)
            except ValidationError as error:
                raise Invalid(
                    "email_bad",
                    T("邮箱格式不正确。", "This is not an e-mail address."),
                    field="contact.email",
                ) from error

    def __bool__(self) -> bool:
        return bool(self.name or self.phone or self.email)


def mask(field: str, value: str) -> str:
    """What everybody may see: 王**, 138****5678, w***@example.com."""
    if not value:
        return ""
    if field == "name":
        return value[0] + "*" * min(2, max(1, len(value) - 1))
    if field == "email":
        local, _, host = value.partition("@")
        return f"{local[:1]}***@{host}"
    digits = re.sub(r"\D", "", value)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 11 else f"***{digits[-2:]}"


def store(report_id: int, data: ContactData) -> None:
    """Keep the contact data of a report, encrypted, with its day of deletion."""
    values = {field: getattr(data, field) for field in FIELDS}
    Contact.objects.create(
        report_id=report_id,
        masked={field: mask(field, value) for field, value in values.items() if value},
        delete_on=(clock.now() + timedelta(days=KEEP_DAYS)).date(),
        **{
            field: seal.encrypt(value, context=f"report:{report_id}:{field}")
            for field, value in values.items()
            if value
        },
    )


def read(contact: Contact) -> dict[str, str]:
    """The contact data in clear. Only `actions.reveal_contact` calls this."""
    return {
        field: seal.decrypt(bytes(sealed), context=f"report:{contact.pk}:{field}")
        for field in FIELDS
        if (sealed := getattr(contact, field))
    }
