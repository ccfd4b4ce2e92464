"""Text in tables that people open in a spreadsheet. Pure."""

# What a spreadsheet would take for a formula.
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """The text, made one that no spreadsheet computes."""
    return f"'{text}" if text.startswith(_RISKY) else text
