"""What is warned of. Pure."""

from enum import StrEnum

from mengding.core.text import T


class Kind(StrEnum):
    REPEAT = "repeat"
    SPIKE = "spike"
    CLUSTER = "cluster"
    SERIES = "series"
    OVERDUE = "overdue"
    CROWD = "crowd"


KIND_NAMES: dict[Kind, T] = {
    Kind.REPEAT: T("同一地点反复", "Repeats at one place"),
    Kind.SPIKE: T("数量突增", "Spike"),
    Kind.CLUSTER: T("时空聚集", "Cluster"),
    Kind.SERIES: T("部件成批损坏", "Components in series"),
    Kind.OVERDUE: T("隐患复查逾期", "Re-inspection overdue"),
    Kind.CROWD: T("景区人流", "Crowd"),
}
