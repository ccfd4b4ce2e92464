"""Divisions: district ⊃ town ⊃ village or community ⊃ grid."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mengding.core.actor import Level


class LtreeField(models.Field):  # type: ignore[type-arg]
    """A PostgreSQL `ltree` path, read and written as text ("511803.511803001")."""

    def db_type(self, connection: object) -> str:
        """The column type."""
        return "ltree"

    def get_placeholder(self, value: object, compiler: object, connection: object) -> str:
        """Cast on the way in: psycopg sends text."""
        return "%s::ltree"


class Region(models.Model):
    """One division. `code`: 6, 9 or 12 digits, a grid's 12 digits plus its suffix.

    `path` joins the codes from the district down. `boundary` is GeoJSON (RFC 7946) geometry in
    WGS-84; `generated` says that it was made up for the demo.
    """

    code = models.CharField("代码", max_length=20, unique=True)
    level = models.CharField("层级", max_length=10, choices=[(v.value, v.value) for v in Level])
    name = models.CharField("名称", max_length=80)
    name_en = models.CharField("英文名称", max_length=120, blank=True, default="")
    parent = models.ForeignKey(
        "self", verbose_name="上级", null=True, blank=True, on_delete=models.PROTECT
    )
    path = LtreeField()
    boundary = models.JSONField("边界", null=True, blank=True)
    generated = models.BooleanField("边界为生成", default=False)
    bounds = ArrayField(models.FloatField(), size=4, null=True, blank=True)
    active = models.BooleanField("启用", default=True)
    version = models.IntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "区划"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="region_code_digits", condition=models.Q(code__regex=r"^\d{6,20}$")
            ),
            models.CheckConstraint(
                name="region_district_is_root",
                condition=models.Q(level="district", parent__isnull=True)
                | (~models.Q(level="district") & models.Q(parent__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"
