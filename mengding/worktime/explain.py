"""A deadline told step by step, in plain Chinese or English.

``explain`` is what a person reads beside a clock; ``trace`` is the same as data. Both count with
the spans that ``due`` and ``used`` count with, so their totals agree.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import Literal

from mengding.worktime.arithmetic import (
    NEVER,
    Limit,
    Pause,
    Unit,
    due,
    instant,
    limit_micros,
    running_spans,
    used,
)
from mengding.worktime.calendar import (
    MICROSECOND,
    PUBLISHED_YEARS,
    Day,
    DayKind,
    Spans,
    WorkCalendar,
    micros,
)

_UNITS = {
    Unit.URGENT_HOUR: ("{} 个紧急工作时", "{} urgent hour{}"),
    Unit.URGENT_MINUTE: ("{} 分钟（紧急工作时）", "{} urgent minute{}"),
    Unit.WORK_HOUR: ("{} 个工作时", "{} working hour{}"),
    Unit.WORK_MINUTE: ("{} 分钟（工作时）", "{} working minute{}"),
    Unit.WORK_DAY: ("{} 个工作日", "{} working day{}"),
    Unit.NATURAL_DAY: ("{} 个自然日", "{} calendar day{}"),
}
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_KINDS = {
    DayKind.WORKDAY: ("工作日", "working day"),
    DayKind.MAKEUP: ("调休上班（{zh}）", "make-up working day for {en}"),
    DayKind.OVERRIDE_WORK: ("本日历设为上班", "working day by this calendar's override"),
    DayKind.WEEKEND: ("周末", "weekend"),
    DayKind.HOLIDAY: ("{zh}放假", "public holiday, {en}"),
    DayKind.OVERRIDE_REST: ("本日历设为休息", "rest day by this calendar's override"),
}


@dataclass(frozen=True, slots=True)
class DayStep:
    """One local day of a working-time clock; spans are UTC microseconds inside working hours."""

    day: Day
    counted: Spans
    paused: Spans

    @property
    def total(self) -> int:
        """Microseconds counted on this day."""
        return sum(end - start for start, end in self.counted)


@dataclass(frozen=True, slots=True)
class Trace:
    """The counted time from a clock's start to ``end``, in microseconds since 1970 UTC.

    ``end`` is the deadline, or where an open pause stopped the clock if there is none.
    ``running`` are the spans outside pauses. ``days`` is empty for continuous units.
    """

    start: int
    end: int
    due: datetime | None
    running: Spans
    days: tuple[DayStep, ...]
    total: int


def trace(
    start: datetime, limit: Limit, calendar: WorkCalendar, pauses: Sequence[Pause] = ()
) -> Trace:
    """What ``explain`` tells, as data. Errors as for ``due``."""
    begin = instant("start", start)
    ends = due(start, limit, calendar, pauses)
    if ends is not None:
        stop = micros(ends)
    else:  # the clock last ran up to the open pause
        stop = max((end for _, end in running_spans(begin, NEVER, pauses)), default=begin)
    running = tuple(running_spans(begin, stop, pauses))
    if limit.unit.continuous:
        total = sum(end - start for start, end in running)
        return Trace(begin, stop, ends, running, (), total)
    days = tuple(_days(begin, stop, running, calendar))
    return Trace(begin, stop, ends, running, days, sum(step.total for step in days))


def _days(begin: int, stop: int, running: Spans, calendar: WorkCalendar) -> Iterator[DayStep]:
    # The complement of the running spans inside [begin, stop) is what was paused.
    edges = [begin, *(edge for span in running for edge in span), stop]
    paused = tuple(pair for pair in zip(edges[::2], edges[1::2], strict=True) if pair[0] < pair[1])
    first = calendar.local(begin).toordinal()
    # A clock that ends with the day, at 24:00, does not touch the next one.
    last = calendar.local(max(begin, stop - 1)).toordinal()
    for ordinal in range(first, last + 1):
        spans, _ = calendar.spans(ordinal)
        yield DayStep(
            calendar.day(date.fromordinal(ordinal)), _cut(spans, running), _cut(spans, paused)
        )


def _cut(spans: Spans, by: Spans) -> Spans:
    pairs = ((max(a, c), min(b, d)) for a, b in spans for c, d in by)
    return tuple((start, end) for start, end in pairs if start < end)


def explain(
    start: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    pauses: Iterable[Pause] = (),
    now: datetime | None = None,
    lang: Literal["zh", "en"] = "zh",
) -> list[str]:
    """The steps from ``start`` to the deadline in words, one line each.

    First the rule, then the start, the days (equal neighbours in one line; for continuous units
    the running spans) with what counted and why a day did not, the pauses, the total and the
    result, and with ``now`` how much is used by then. Says so where holidays of a year are not
    published. Times are local to the calendar. Errors as for ``due``.
    """
    pauses = tuple(pauses)
    if lang not in ("zh", "en"):
        raise ValueError(f"lang: expected zh or en, got {lang!r}")
    if now is not None:
        instant("now", now)
    told = _Words(lang, calendar)
    steps = trace(start, limit, calendar, pauses)
    lines = [told.rule(limit), told.starts(steps, limit.unit)]
    lines += told.spans(steps) if limit.unit.continuous else told.days(steps)
    lines += told.pauses(steps, pauses)
    lines += told.guesses(steps, now)
    lines.append(told.result(steps, limit))
    if now is not None:
        spent = used(start, now, limit.unit, calendar, pauses) // MICROSECOND
        lines.append(told.at(micros(now), spent, limit_micros(limit, calendar)))
    return lines


@dataclass(frozen=True, slots=True)
class _Words:
    lang: Literal["zh", "en"]
    calendar: WorkCalendar

    def say(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    def rule(self, limit: Limit) -> str:
        zh, en = _UNITS[limit.unit]
        amount = self.say(zh.format(limit.amount), en.format(limit.amount, _s(limit.amount)))
        if limit.unit.continuous:
            return self.say(
                f"时限 {amount}：连续计时，夜间、周末和节假日都计。",
                f"Limit {amount}: counted without a break; nights, weekends and holidays count.",
            )
        hours = [_segment(*segment) for segment in self.calendar.segments]
        gaps = [
            _segment(before[1], after[0])
            for before, after in zip(
                self.calendar.segments, self.calendar.segments[1:], strict=False
            )
            if before[1] < after[0]
        ]
        zh = f"时限 {amount}：只计日历“{self.calendar.name}”的工作时间 {'、'.join(hours)}"
        en = f"Limit {amount}: only the working hours of “{self.calendar.name}” count, "
        en += " and ".join(hours)
        if gaps:
            zh += f"（{'、'.join(gaps)} 休息不计）"
            en += f" (the break {' and '.join(gaps)} does not)"
        if limit.unit is Unit.WORK_DAY:
            day = self.calendar.day_minutes * 60_000_000
            whole = limit_micros(limit, self.calendar)
            zh += f"；一个工作日等于 {self.length(day)}，共 {self.length(whole)}"
            en += f"; one working day is {self.length(day)}, {self.length(whole)} in all"
        return self.say(zh + "。", en + ".")

    def starts(self, steps: Trace, unit: Unit) -> str:
        begin = steps.start
        line = self.say(f"开始：{self.moment(begin)}", f"Start: {self.moment(begin)}")
        if unit.continuous or any(a <= begin < b for a, b in self._today(begin)):
            return line + self.say("。", ".")
        if any(b <= begin for _, b in self._today(begin)) and any(
            begin < a for a, _ in self._today(begin)
        ):
            why = self.say("正值工作间隙（午休）", "in the break between working hours")
        else:
            why = self.say("不在工作时间内", "outside working hours")
        first = next((step.counted[0][0] for step in steps.days if step.counted), None)
        if first is None:
            return line + self.say(f"，{why}。", f", {why}.")
        return line + self.say(
            f"，{why}，从 {self.moment(first)} 起计。",
            f", {why}; counting begins {self.moment(first)}.",
        )

    def spans(self, steps: Trace) -> Iterator[str]:
        counted = 0
        for begin, end in steps.running:
            counted += end - begin
            yield self.say(
                f"{self.moment(begin)} 至 {self.moment(end)}：计 {self.length(end - begin)}，"
                f"累计 {self.length(counted)}。",
                f"{self.moment(begin)} to {self.moment(end)}: {self.length(end - begin)} counted, "
                f"{self.length(counted)} so far.",
            )

    def days(self, steps: Trace) -> Iterator[str]:
        counted = 0
        for _, group in groupby(steps.days, key=self._alike):
            days = list(group)
            counted += sum(step.total for step in days)
            yield self._day_line(days, counted)

    def _alike(self, step: DayStep) -> object:
        """Days with an equal key share a line; a day counted in part stands alone."""
        day = step.day
        spans, _ = self.calendar.spans(day.date.toordinal())
        counted, paused = step.counted == spans, step.paused == spans
        alone = None if counted or paused else day.date
        return day.kind, day.holiday_en, day.published, counted, paused, alone

    def _day_line(self, days: list[DayStep], counted: int) -> str:
        first = days[0]
        zh, en = _KINDS[first.day.kind]
        names = {"zh": first.day.holiday_zh, "en": first.day.holiday_en}
        why = self.say(zh, en).format(**names)
        when = self.date(first.day.date)
        if len(days) > 1:
            until = self.date(days[-1].day.date)
            when = self.say(
                f"{when}至 {until}，共 {len(days)} 天", f"{when} to {until} ({len(days)} days)"
            )
        if not first.day.working:
            return self.say(f"{when}：{why}，不计。", f"{when}: {why}; not counted.")
        hours = self.clock_spans(first.counted)
        paused = self.clock_spans(first.paused)
        if not first.counted:
            if first.paused:
                return self.say(
                    f"{when}：{why}，{paused} 暂停，不计。",
                    f"{when}: {why}, {paused} paused; not counted.",
                )
            return self.say(
                f"{when}：{why}，计时范围内没有工作时间，不计。",
                f"{when}: {why}, no working hours within the span; not counted.",
            )
        each = self.say("每天", " each") if len(days) > 1 else ""
        zh = f"{when}：{why}，{each}计 {self.length(first.total)}（{hours}"
        en = f"{when}: {why}, {self.length(first.total)} counted{each} ({hours}"
        if paused:
            zh += f"；{paused} 暂停不计"
            en += f"; {paused} paused"
        return self.say(
            f"{zh}），累计 {self.length(counted)}。", f"{en}), {self.length(counted)} so far."
        )

    def pauses(self, steps: Trace, pauses: Iterable[Pause]) -> Iterator[str]:
        for pause in sorted(pauses, key=lambda pause: micros(pause.start)):
            begin = micros(pause.start)
            end = NEVER if pause.end is None else micros(pause.end)
            if begin == end or end <= steps.start or (steps.due and begin >= steps.end):
                continue
            if pause.end is None:
                yield self.say(
                    f"暂停：自 {self.moment(begin)} 起，尚未恢复。",
                    f"Pause: since {self.moment(begin)}, not resumed.",
                )
            else:
                yield self.say(
                    f"暂停：{self.moment(begin)} 至 {self.moment(end)}，其间不计时。",
                    f"Pause: {self.moment(begin)} to {self.moment(end)}; nothing counts meanwhile.",
                )

    def guesses(self, steps: Trace, now: datetime | None) -> Iterator[str]:
        years = {step.day.date.year for step in steps.days if not step.day.published}
        if now is not None and steps.days and self.calendar.use_chinese_holidays:
            # The last line counts on to now, past the days listed.
            until = self.calendar.local(micros(now)).year
            late = range(self.calendar.local(steps.end).year + 1, until + 1)
            years.update(year for year in late if year not in PUBLISHED_YEARS)
        for year in sorted(years):
            yield self.say(
                f"注意：{year} 年的节假日和调休安排尚未公布或未收录，"
                "该年按星期推算，结果可能变化。",
                f"Note: the holidays and make-up days of {year} are not published or not installed;"
                " its days follow the weekday rule and the result may change.",
            )

    def result(self, steps: Trace, limit: Limit) -> str:
        total = self.length(steps.total)
        if steps.due is not None:
            return self.say(
                f"合计 {total}，时限于 {self.moment(steps.end)} 用完。",
                f"Total {total}: the limit is used up on {self.moment(steps.end)}.",
            )
        left = self.length(limit_micros(limit, self.calendar) - steps.total)
        return self.say(
            f"合计 {total}，还剩 {left}；暂停未恢复，没有到期时间。",
            f"Total {total}, {left} left; paused and not resumed, so there is no deadline.",
        )

    def at(self, now: int, spent: int, whole: int) -> str:
        # Rounded down: 100 % must not show before the limit is used up.
        percent = spent * 100 // whole
        zh = f"截至 {self.moment(now)}：已用 {self.length(spent)}（{percent}%），"
        en = f"By {self.moment(now)}: {self.length(spent)} used ({percent} %), "
        if spent > whole:
            over = self.length(spent - whole)
            return self.say(f"{zh}已超时 {over}。", f"{en}{over} over the limit.")
        left = self.length(whole - spent)
        return self.say(f"{zh}还剩 {left}。", f"{en}{left} left.")

    def _today(self, at: int) -> Spans:
        return self.calendar.spans(self.calendar.local(at).toordinal())[0]

    def date(self, day: date) -> str:
        weekday = day.weekday()
        return self.say(
            f"{day.isoformat()}（周{_WEEKDAYS_ZH[weekday]}）",
            f"{_WEEKDAYS_EN[weekday]} {day.isoformat()}",
        )

    def moment(self, at: int) -> str:
        local = self.calendar.local(at)
        return self.say(f"{self.date(local.date())}", f"{self.date(local.date())} ") + _clock(local)

    def clock_spans(self, spans: Spans) -> str:
        return self.say("、", ", ").join(
            f"{_clock(self.calendar.local(start))}–{_closing(self.calendar.local(end))}"
            for start, end in spans
        )

    def length(self, length: int) -> str:
        minutes, rest = divmod(length, 60_000_000)
        hours, minutes = divmod(minutes, 60)
        parts = []
        if hours:
            parts.append(self.say(f"{hours} 小时", f"{hours} h"))
        if minutes:
            parts.append(self.say(f"{minutes} 分", f"{minutes} min"))
        if rest or not parts:
            seconds = f"{rest // 1_000_000}.{rest % 1_000_000:06}".rstrip("0").rstrip(".")
            parts.append(self.say(f"{seconds} 秒", f"{seconds} s"))
        return " ".join(parts)


def _s(amount: int) -> str:
    return "" if amount == 1 else "s"


def _segment(start: time, end: time) -> str:
    return f"{start:%H:%M}–{_closing(end)}"


def _clock(moment: datetime | time) -> str:
    return f"{moment:%H:%M}" if moment.second == 0 else f"{moment:%H:%M:%S}"


def _closing(moment: datetime | time) -> str:
    text = _clock(moment)
    return "24:00" if text == "00:00" else text
