"""Where a row lies: its chain of divisions, as policy and lists want it."""

from django.db import models

from mengding.regions.models import Region


def _region(label: str, *, null: bool = True) -> "models.ForeignKey[Region | None, Region | None]":
    return models.ForeignKey(
        Region,
        verbose_name=label,
        null=null,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )


class InArea(models.Model):
    """Satisfies `policy.permissions.Place`."""

    district = _region("区县", null=False)
    town = _region("乡镇街道")
    village = _region("村社区")
    grid = _region("网格")

    class Meta:
        abstract = True

    @property
    def region_id(self) -> int:
        """The deepest known division."""
        found = self.grid_id or self.village_id or self.town_id or self.district_id
        assert found is not None  # the district always is
        return found
