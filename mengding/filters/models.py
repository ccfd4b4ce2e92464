"""A saved filter is only a question: whoever asks it sees what they may see, and no more."""

from django.db import models

from mengding.people.models import Account, Organisation

MOST = 40  # of one account


class SavedFilter(models.Model):
    """`query`: parameters of GET /cases. `columns`: [{"key", "width"?}], empty for the usual."""

    owner = models.ForeignKey(
        Account, verbose_name="所有人", on_delete=models.CASCADE, db_index=False
    )
    # The organisation it is shared with: the owner's at the time it was saved.
    organisation = models.ForeignKey(
        Organisation, verbose_name="机构", on_delete=models.CASCADE, db_index=False
    )
    name = models.CharField("名称", max_length=30)
    query = models.JSONField("条件", default=dict)
    sort = models.CharField("排序", max_length=20, default="-reported_at")
    columns = models.JSONField("列", default=list, blank=True)
    shared = models.BooleanField("本单位共享", default=False)
    sequence = models.IntegerField("顺序", default=0)
    version = models.IntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "筛选"
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="filter_name_once"),
        ]
        indexes = [
            models.Index(
                fields=["organisation"], name="filter_shared", condition=models.Q(shared=True)
            ),
        ]


class Look(models.Model):
    """How one account has its list when no saved filter is chosen."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    columns = models.JSONField("列", default=list, blank=True)
    compact = models.BooleanField("紧凑", default=False)
    first = models.ForeignKey(
        SavedFilter, verbose_name="默认筛选", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "列表外观"
