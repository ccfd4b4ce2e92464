"""The last run of each background job."""

from django.db import models


class JobRun(models.Model):
    """One row a job, rewritten by each run: the proof that it runs, and how it went."""

    name = models.CharField("任务", max_length=60, primary_key=True)
    cron = models.CharField("时间表", max_length=40)
    started_at = models.DateTimeField("开始")
    ended_at = models.DateTimeField("结束")
    succeeded_at = models.DateTimeField("最近成功", null=True)
    result = models.JSONField("结果", default=dict)
    error = models.TextField("错误", default="", blank=True)
    runs = models.BigIntegerField("次数", default=0)
    failures = models.BigIntegerField("失败次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "后台任务"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
