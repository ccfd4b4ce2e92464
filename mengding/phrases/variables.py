"""What a standard text may be about, and the variables it may hold. Pure.

No variable stands for anything about a person: a name or a number would be copied into replies
and notes, where neither the mask nor the day of deletion of contact data reaches it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mengding.cases.lifecycle import BY_ACTION
from mengding.core.text import Language, T


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: what it is called, and what it looks like in a preview."""

    label: T
    sample: T


VARIABLES: dict[str, Variable] = {
    "case_number": Variable(
        T("案号（未立案时为受理号）", "Case number, or the receipt number before filing"),
        T("C0137202611240012", "C0137202611240012"),
    ),
    "class": Variable(T("类别", "Class"), T("路灯", "Street lamp")),
    "region": Variable(T("所在镇村", "Town and village"), T("车岭镇几安村", "车岭镇几安村")),
    "place": Variable(T("详细地点", "Address"), T("解放路12号旁", "beside 12 Jiefang Road")),
    "org": Variable(
        T("主办单位（未派遣时为建议单位）", "Lead organisation, or the proposed one"),
        T("综合行政执法局", "Urban management bureau"),
    ),
    "centre": Variable(
        T("负责中心", "Centre in charge"), T("名山区综合治理中心", "District centre")
    ),
    "due": Variable(T("时限", "Deadline"), T("11月25日 17:30", "25 Nov 17:30")),
    "stage": Variable(T("环节", "Stage"), T("处置中", "Handling")),
    "reported": Variable(T("上报日期", "Day of the report"), T("11月24日", "24 Nov")),
    "today": Variable(T("今天", "Today"), T("11月24日", "24 Nov")),
}

# Where a text is used: the verbs of a case that take words, and three that are none of them.
USES: dict[str, T] = {
    "receive": T("告知来电人", "Told to the caller"),
    "where_to_go": T("告知去处", "Where to turn to"),
    "grant": T("同意申请", "Grant an application"),
    **{
        verb: BY_ACTION[verb].label
        for verb in (
            *("reply", "note", "decline", "hand_over", "request_check", "report_check"),
            *("escalate", "delegate", "supervise", "dispatch", "reassign", "assist_done"),
            *("feed_back", "request_return", "request_extension", "request_suspension"),
            *("request_void", "refuse", "resume", "start_check", "close", "rework", "reopen"),
        )
    },
}

# Stands where a fact is not known yet, for the person to fill in.
BLANK = "＿＿"
_BRACES = re.compile(r"\{([^{}]*)\}")


def unknown(text: str) -> list[str]:
    """Names in braces that are no variable, in reading order; "{" or "}" for a lone brace."""
    found = [name for name in _BRACES.findall(text) if name not in VARIABLES]
    rest = _BRACES.sub("", text)
    return [*dict.fromkeys(found), *(brace for brace in "{}" if brace in rest)]


def fill(text: str, facts: Mapping[str, T], lang: Language) -> tuple[str, list[str]]:
    """The text with its variables filled, and the names of those without a fact."""
    missing: list[str] = []

    def put(match: re.Match[str]) -> str:
        fact = facts.get(match[1])
        if fact is None or not fact.said(lang):
            missing.append(match[1])
            return BLANK
        return fact.said(lang)

    return _BRACES.sub(put, text), list(dict.fromkeys(missing))
