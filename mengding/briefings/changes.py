"""What changed between two versions of a template, in words. Pure."""

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from mengding.core.text import T

BLOCK_NAMES: dict[str, T] = {
    "heading": T("小标题", "heading"),
    "text": T("文字", "text"),
    "figures": T("数字行", "row of numbers"),
    "findings": T("要点", "findings"),
    "table": T("表格", "table"),
    "bars": T("条形图", "bars"),
    "trend": T("走势图", "trend"),
    "cases": T("案件清单", "list of cases"),
}


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[T]:
    """Sentences: blocks added, taken away, moved and changed; of the first version that it is."""
    if before is None:
        return [T("第一版", "The first version")]
    found = []
    if before.get("title") != after.get("title"):
        found.append(T("改了总标题", "Changed the title"))
    old, new = list(before.get("sections", ())), list(after.get("sections", ()))
    gone: list[tuple[int, Any]] = []
    come: list[tuple[int, Any]] = []
    matcher = SequenceMatcher(None, [_key(each) for each in old], [_key(each) for each in new],
                              autojunk=False)  # fmt: skip
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            continue
        # What stands in the place of one of its kind was changed.
        left, right = list(enumerate(old[a:b], a)), list(enumerate(new[c:d], c))
        for number, each in list(right):
            twin = next((pair for pair in left if pair[1]["block"] == each["block"]), None)
            moved_away = any(_key(other) == _key(each) for other in old)
            if twin is None or moved_away or any(_key(twin[1]) == _key(one) for one in new):
                continue
            left.remove(twin)
            right.remove((number, each))
            found.append(_said("改了第 {n} 段：{what}", "Changed block {n}: {what}", number, each))
        gone += left
        come += right
    for number, each in come:
        twin = next((pair for pair in gone if _key(pair[1]) == _key(each)), None)
        if twin is None:
            found.append(_said("加了第 {n} 段：{what}", "Added block {n}: {what}", number, each))
        else:
            gone.remove(twin)
            found.append(
                _said("移到第 {n} 段：{what}", "Moved to be block {n}: {what}", number, each)
            )
    found += [
        _said("删了原第 {n} 段：{what}", "Took away block {n}: {what}", number, each)
        for number, each in gone
    ]
    return found or [T("内容没有变", "The contents are the same")]


def _key(section: Any) -> str:
    return json.dumps(section, sort_keys=True, ensure_ascii=False)


def _said(zh: str, en: str, number: int, section: Mapping[str, Any]) -> T:
    words: Sequence[str] = [section[name] for name in ("text", "title") if section.get(name)]
    kind = BLOCK_NAMES[section["block"]]
    short = words[0][:20] if words else ""
    what = T(f"{kind.zh}“{short}”", f"{kind.en} “{short}”") if short else kind
    return T(zh, en).fill(n=number + 1, what=what)
