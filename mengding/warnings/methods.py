"""What each kind does, in words, with the numbers in force. Pure."""

from mengding.core.text import T
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import Rules
from mengding.warnings.stats import series

_METHODS: dict[Kind, T] = {
    Kind.REPEAT: T(
        "同一约 130 米网格内同类案件 {days} 天内达到 {least} 件；"
        "基线为该类案件每个有案网格的平均件数。",
        "{least} cases of one class in one cell of about 130 m within {days} days; the baseline is "
        "the mean of the cells that had any.",
    ),
    Kind.SPIKE: T(
        "按类别和乡镇（及全区）的控制图。同一处同一天的同类案件算一件。基线为前 {weeks} 周"
        "（隔开最近 7 天）的水平，乘以日型系数（节假日按星期日、调休上班按星期五）"
        "和上年同期的季节系数；偶然概率按负二项分布，离散度由以往的日、周残差在同类各乡镇间"
        "合并估计。连续两天都偏高，或七天合计偏高（最多的两天按第三多的一天计），才发出预警，"
        "且至少 {least} 件。实际案件比任何模型更易扎堆，所以概率线每周用本区自己的数据校准："
        "把以往的日子在三周内按同日型打乱，照样逐日查看，"
        "使全部序列每周误报不超过 {false_a_week} 次。"
        "真实的风雨、节庆和水平变化不在此列。平均每周不到一件的序列不判断，每周不到七件的很难发现。",
        "Control chart by class in each town and in the district. Cases of one class at one spot "
        "on one day count once. The baseline is the level of the {weeks} weeks before (leaving out "
        "the last 7 days) times a factor of the kind of day (holidays as Sundays, working weekends "
        "as Fridays) and of last year's season; the chance is a negative binomial's, its "
        "dispersion estimated from past days and weeks, pooled over the towns of the class. It "
        "warns when two days running are too many, or seven together (of which the two fullest "
        "count as the third); at least {least} cases. Real cases come in heaps beyond any model, "
        "so the limit is set each week on this district's own past: its days are shuffled within "
        "three weeks among their kind and looked at like real ones, so that all series together "
        "make at most {false_a_week} false alarms a week. Real storms, feasts and changes of level "
        "come on top. Series with less than a case a week are not judged, and with less than seven "
        "hardly anything is found.",
    ),
    Kind.CLUSTER: T(
        "时空扫描统计（Kulldorff 似然比）：按大类，约 1 公里网格及 {reach} 米内邻格，"
        "最近 2 至 {days} 天，至少 {least} 件；以前 9 周各格份额为基线，"
        "最多的一天按第二多的一天计。"
        "偶然概率不靠模型：把这 9 周和最近几天按工作日、休息日整天打乱，最多 999 次，"
        "看有多少次打乱也这么突出，使全区每周预期误报不超过 {false_a_week} 次。",
        "Space-time scan (Kulldorff's likelihood ratio) by big class: cells of about 1 km with "
        "neighbours within {reach} m, the last 2 to {days} days, at least {least} cases; the "
        "baseline is each cell's share of 9 weeks, and the fullest day counts as the second "
        "fullest. The chance comes from no model: these weeks and days are put in another order "
        "up to 999 times, working days and days off among each other and each as a whole, and it "
        "is counted how often that stands out as much; set to at most {false_a_week} false alarms "
        "a week over the district.",
    ),
    Kind.SERIES: T(
        "同一村同类部件 {days} 天内至少 {least} 件，同一处同一天的算一件；"
        "基线为此前 {past} 周该村水平，同类部件在其他村普遍增多的，基线相应提高；"
        "偶然概率按负二项分布（离散度在同类各村间合并估计）。概率线每周用本区自己的数据校准："
        "把以往的日子在 {block} 天内按同日型打乱，照样逐日查看，"
        "使全部序列每周误报不超过 {false_a_week} 次。"
        "真实的成批损坏、集中排查和水平变化不在此列。",
        "At least {least} components of one class in one village within {days} days, those at one "
        "spot on one day counted once; the baseline is the village's level of the {past} weeks "
        "before, raised as far as the class has risen in the other villages, the chance a negative "
        "binomial's (dispersion pooled over the villages of the class). The limit is set each week "
        "on this district's own past: its days are shuffled within {block} days among their kind "
        "and looked at like real ones, so that all series together make at most {false_a_week} "
        "false alarms a week. Real series, inspections of "
        "everything and changes of level come on top.",
    ),
    Kind.OVERDUE: T(
        "检查发现的隐患，整改后超过复查日期 {grace_days} 天仍未复查。",
        "A hazard found by an inspection, said to be mended and not looked at again within "
        "{grace_days} days of its day.",
    ),
    Kind.CROWD: T(
        "匿名计数占最大承载量 {attention}%、{crowded}%、{full}% 分三级（景区可另设）；"
        "回落 {slack} 个百分点才降级。",
        "Anonymous counts at {attention}, {crowded} and {full} % of the capacity, in three stages "
        "(a spot may have its own); a stage ends {slack} points below.",
    ),
}


def method_of(kind: Kind, rules: Rules) -> T:
    """The method of a kind under these rules."""
    numbers = {name: f"{value:g}" for name, value in rules.values[kind].items()}
    return _METHODS[kind].fill(**numbers, past=series.WEEKS, block=rules.series_tuning.block)
