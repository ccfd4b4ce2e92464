"""What the bodies of duty share."""

from typing import Annotated

from ninja import Field

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""An id as the database can hold it."""
