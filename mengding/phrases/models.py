"""Standard texts."""

from django.db import models

from mengding.people.models import Organisation


class Phrase(models.Model):
    """One standard text for one use, in both languages, with variables in braces.

    `verb`: a use of `variables.USES`. `organisation` null: for the whole district, else for that
    organisation and those below it. A retired phrase stays, so that its code is not used again.
    """

    code = models.CharField("代码", max_length=40, unique=True)
    verb = models.CharField("用途", max_length=20)
    title_zh = models.CharField("标题", max_length=60)
    title_en = models.CharField("标题（英文）", max_length=120, blank=True, default="")
    text_zh = models.TextField("内容")
    text_en = models.TextField("内容（英文）", blank=True, default="")
    organisation = models.ForeignKey(
        Organisation,
        verbose_name="所属机构",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    active = models.BooleanField("启用", default=True)
    version = models.IntegerField("版本", default=1)
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = verbose_name_plural = "标准用语"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="phrase_says_something",
                condition=~models.Q(title_zh="") & ~models.Q(text_zh=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["verb", "code"], name="phrase_usable", condition=models.Q(active=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title_zh}"
