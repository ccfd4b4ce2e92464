"""On which terms figures and cases are open to everybody. One version after another."""

from django.db import models
from django.db.models import Q

FINEST, COARSEST = 16, 12  # zooms of places: about 530 m and 8.5 km at 30° north


class Terms(models.Model):
    """The newest version holds; before the first, `queries.DEFAULT` does.

    `threshold`: smaller counts are left out. `finest`: zoom of the smallest cells a place is
    given in. `delay_days`: how long after its last day a month counts as finished.
    """

    version = models.IntegerField("版本", unique=True)
    published = models.BooleanField("公开")
    threshold = models.PositiveSmallIntegerField("最小公开数")
    finest = models.PositiveSmallIntegerField("最细位置层级")
    delay_days = models.PositiveSmallIntegerField("月末后几天定稿")
    created_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "数据开放规则"
        constraints = [
            models.CheckConstraint(name="terms_threshold", condition=Q(threshold__range=(2, 100))),
            models.CheckConstraint(
                name="terms_finest", condition=Q(finest__range=(COARSEST, FINEST))
            ),
            models.CheckConstraint(name="terms_delay", condition=Q(delay_days__range=(0, 90))),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"
