"""What pydantic found wrong, in words for people, with the field as the caller wrote it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError

from mengding.core.text import T

_DATE = T("应为日期，如 2026-11-24。", "Must be a date such as 2026-11-24.")
_TIME = T(
    "应为带时区的时间，如 2026-11-24T09:30:00+08:00。",
    "Must be a time with its zone, such as 2026-11-24T09:30:00+08:00.",
)
_CLOCK = T("应为时刻，如 09:30。", "Must be a time of day such as 09:30.")
_SPAN = T("应为时长，如 PT30M。", "Must be a duration such as PT30M.")
_INTEGER = T("应为整数。", "Must be a whole number.")
_NUMBER = T("应为数字。", "Must be a number.")
_TRUTH = T("应为 true 或 false。", "Must be true or false.")
_OBJECT = T("应为对象。", "Must be an object.")
_ARRAY = T("应为数组。", "Must be an array.")
_URL = T(
    "应为完整网址，如 https://example.org/a。", "Must be a full URL such as https://example.org/a."
)
_UUID = T("应为 UUID。", "Must be a UUID.")
_CHOICE = T("只能是以下之一：{expected}。", "Must be one of {expected}.")
_TEXT = T("应为文字。", "Must be text.")

TEXTS: dict[str, T] = {
    "missing": T("必填。", "Required."),
    "extra_forbidden": T("没有这个字段。", "There is no such field."),
    "none_required": T("应为空。", "Must be null."),
    "string_type": _TEXT,
    "string_unicode": T("含有无效字符。", "Contains invalid characters."),
    "string_too_short": T("至少 {min_length} 个字。", "At least {min_length} characters."),
    "string_too_long": T("最多 {max_length} 个字。", "At most {max_length} characters."),
    "string_pattern_mismatch": T("格式应为 {pattern}。", "Must match {pattern}."),
    "too_short": T("至少 {min_length} 项。", "At least {min_length} items."),
    "too_long": T("最多 {max_length} 项。", "At most {max_length} items."),
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_parsing_size": T("整数过大。", "The number is too large."),
    "int_from_float": _INTEGER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": T("应为有限数值。", "Must be a finite number."),
    "multiple_of": T("应为 {multiple_of} 的倍数。", "Must be a multiple of {multiple_of}."),
    "greater_than": T("应大于 {gt}。", "Must be greater than {gt}."),
    "greater_than_equal": T("不能小于 {ge}。", "Must be at least {ge}."),
    "less_than": T("应小于 {lt}。", "Must be less than {lt}."),
    "less_than_equal": T("不能大于 {le}。", "Must be at most {le}."),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "union_tag_invalid": T("只能是以下之一：{expected_tags}。", "Must be one of {expected_tags}."),
    "union_tag_not_found": T("缺少 {discriminator}。", "{discriminator} is missing."),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_past": T("应为过去的日期。", "Must be in the past."),
    "date_future": T("应为将来的日期。", "Must be in the future."),
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "datetime_past": T("应为过去的时间。", "Must be in the past."),
    "datetime_future": T("应为将来的时间。", "Must be in the future."),
    "timezone_aware": _TIME,
    "time_type": _CLOCK,
    "time_parsing": _CLOCK,
    "time_delta_type": _SPAN,
    "time_delta_parsing": _SPAN,
    "list_type": _ARRAY,
    "tuple_type": _ARRAY,
    "set_type": _ARRAY,
    "frozen_set_type": _ARRAY,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "url_type": _URL,
    "url_parsing": _URL,
    "url_scheme": T(
        "网址只能以 {expected_schemes} 开头。", "The URL must start with {expected_schemes}."
    ),
    "url_too_long": T(
        "网址最多 {max_length} 个字。", "The URL has at most {max_length} characters."
    ),
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "json_invalid": T("不是有效的 JSON。", "Not valid JSON."),
    "json_type": T("不是有效的 JSON。", "Not valid JSON."),
    "bytes_type": _TEXT,
}


def dotted(path: Iterable[object]) -> str:
    """("contacts", 0, "phone") as "contacts.0.phone"."""
    return ".".join(str(part) for part in path)


def describe(kind: str, context: Mapping[str, Any], message: str) -> T:
    """One pydantic error in both languages; `message` is pydantic's own, for rare kinds."""
    if kind in ("value_error", "assertion_error"):
        # The text of our own validator.
        said = str(context.get("error", message))
        return T(said, said)
    known = TEXTS.get(kind)
    if known is None:
        return T(f"内容无效（{message}）。", f"{message}.")
    return known.fill(**context)


def entries(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`errors` of a problem from pydantic's list, each with `field` already dotted."""
    return [
        {
            "field": error["field"],
            "code": error["type"],
            "detail": describe(error["type"], error.get("ctx", {}), error["msg"]).said(),
        }
        for error in errors
    ]


def django_entries(error: DjangoValidationError) -> list[dict[str, Any]]:
    """The same from Django's ValidationError (model checks, password rules)."""
    if hasattr(error, "error_dict"):
        fields: dict[str, list[DjangoValidationError]] = error.error_dict
    else:
        fields = {"": error.error_list}
    return [
        {
            "field": "" if name == "__all__" else name,
            "code": item.code or "invalid",
            "detail": " ".join(item.messages),
        }
        for name, items in fields.items()
        for item in items
    ]
