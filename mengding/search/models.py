"""One searchable document per case, in a table of its own.

Apart from the case row, because a transition rewrites that row and every index entry with it;
re-inserting a hundred bigrams into GIN at each step would cost more than the step.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Entry(models.Model):
    """The bigrams of everything searchable about one case."""

    case_id = models.BigIntegerField(primary_key=True)
    # When the case was reported, which never changes: hits come out newest first from this
    # table alone, without looking up each of a hundred thousand cases.
    reported_at = models.DateTimeField()
    document = SearchVectorField()

    class Meta:
        verbose_name = verbose_name_plural = "检索索引"
        indexes = [
            GinIndex(fields=["document"], name="entry_document"),
            models.Index(fields=["-reported_at", "-case_id"], name="entry_newest"),
        ]
