"""Contact data that people write into what will be public, starred out. Pure.

Only forms that hardly ever mean anything else: mobile numbers, landlines with their area code,
identity-card numbers, e-mail addresses. It is a safety net; names are beyond it.
"""

import re

_PERSONAL = re.compile(
    r"""
    (?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?!\d)
    | (?<!\d)(?:(?:\+|00)?86[-\s]?)?1[3-9]\d[-\s]?\d{4}[-\s]?\d{4}(?!\d)
    | (?<!\d)\(?0\d{2,3}\)?[-\s]\d{7,8}(?!\d)
    | [A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}
    """,
    re.VERBOSE | re.ASCII,
)


def mask(text: str) -> str:
    """The text with each found piece replaced by ***."""
    return _PERSONAL.sub("***", text) if text else text
