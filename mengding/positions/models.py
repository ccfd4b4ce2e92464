"""Where the staff are while they are on duty, who looked, and the devices that say so.

The database itself refuses a position outside a duty interval and deletes what an interval that
ends leaves outside (see `migrations/0002_walls.py`).
"""

from django.db import models
from django.db.models import F, Q

from mengding.ledger.models import Words
from mengding.people.models import Account, Post


class Fix(models.Model):
    """One position of one person on duty, in a partition of its day. WGS-84 degrees.

    `accuracy` in metres (null: not said); `mock`: the device says that the place is simulated.
    Plain ids: a trigger holds them to the interval. One row a person and instant.
    """

    pk = models.CompositePrimaryKey("account_id", "at")
    account_id = models.BigIntegerField()
    at = models.DateTimeField()
    interval_id = models.BigIntegerField()
    received_at = models.DateTimeField()
    lon = models.FloatField()
    lat = models.FloatField()
    accuracy = models.FloatField(null=True)
    mock = models.BooleanField(default=False)

    class Meta:
        managed = False  # partitioned: made by the migration
        db_table = "positions_fix"


class Latest(models.Model):
    """The newest fix of everybody on duty. Unlogged: lost in a crash, there again seconds later."""

    account_id = models.BigIntegerField(primary_key=True)
    interval_id = models.BigIntegerField()
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    lon = models.FloatField()
    lat = models.FloatField()
    accuracy = models.FloatField(null=True)
    mock = models.BooleanField(default=False)

    class Meta:
        managed = False  # unlogged, with room for updates in place
        db_table = "positions_latest"


class Client(models.TextChoices):
    TRACCAR = "traccar", "Traccar / OsmAnd"
    OWNTRACKS = "owntracks", "OwnTracks"


class Crs(models.TextChoices):
    WGS84 = "wgs84", "WGS-84"
    GCJ02 = "gcj02", "GCJ-02"


class Device(models.Model):
    """A client that a worker has connected. Its id is a secret shown once; the digest is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    client = models.CharField("客户端", max_length=10, choices=Client.choices)
    name = models.CharField("名称", max_length=40)
    crs = models.CharField("坐标系", max_length=6, choices=Crs.choices, default=Crs.WGS84)
    digest = models.BinaryField(unique=True)
    created_at = models.DateTimeField("创建时间")
    revoked_at = models.DateTimeField("撤销时间", null=True)
    last_used_on = models.DateField("最近使用", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "定位设备"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Look(models.Model):
    """One look at the ways of some people, with its reason; good for reading until `expires_at`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")
    expires_at = models.DateTimeField("有效至")
    since = models.DateTimeField("自")
    until = models.DateTimeField("至")
    words = models.ForeignKey(
        Words, verbose_name="事由", on_delete=models.DO_NOTHING, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "查看记录"
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(name="look_span", condition=Q(until__gt=F("since"))),
        ]


class Looked(models.Model):
    """Somebody whose way a look was at."""

    look = models.ForeignKey(Look, on_delete=models.CASCADE, related_name="subjects")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "被查看人"
        constraints = [
            models.UniqueConstraint(name="looked_once", fields=["account", "look"]),
        ]
