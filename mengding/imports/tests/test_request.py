"""Reading one line of the archive: the limit it is given decides as the archive does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mengding.cases.stages import Channel, Outcome
from mengding.imports.boston.request import Request, read
from mengding.imports.rows import Reject, Row
from mengding.imports.tests.archive import PECULIAR, line

OPENED = datetime(2011, 7, 1, 4, 30, 7, tzinfo=UTC)
UNITS = {"urgent_minute": timedelta(minutes=1), "urgent_hour": timedelta(hours=1)}
seconds = st.integers(0, 3600) | st.integers(0, 2_000_000_000)


@given(st.integers(-86_400, 2_000_000_000), seconds)
@example(0, 0)
@example(59, 59)
@example(60, 60)
@example(60_000_060, 60_000_061)
def test_late_by_the_clock_is_late_by_the_target(target: int, closed: int) -> None:
    request = _request(OPENED + timedelta(seconds=target), OPENED + timedelta(seconds=closed))
    amount, unit = request.limit
    due = request.dispatched_at + amount * UNITS[unit]
    assert amount >= 1
    assert request.closed is not None
    assert request.opened <= request.dispatched_at <= request.closed
    assert request.dispatched_at - request.opened < UNITS[unit]
    if target >= 60:
        assert (request.closed <= due) is (closed <= target)
    else:  # a limit is a minute at least
        assert due == request.opened + timedelta(minutes=1)


@pytest.mark.parametrize("given", PECULIAR, ids=lambda given: given["case_enquiry_id"][-2:])
def test_every_peculiar_line_can_be_read(given: dict[str, str]) -> None:
    request = read(Row(2, given))
    assert request.ref == given["case_enquiry_id"]
    assert (request.closed is None) is (given["case_status"] == "Open")


def test_values_are_mapped() -> None:
    request = read(
        Row(
            2,
            line(
                1,
                ward="07",
                source="Twitter",
                closure_reason="Case Closed Case Referred to External Agency x",
                type="Lamp   Out ",
            ),
        )
    )
    assert (request.ward, request.channel, request.outcome) == (7, Channel.WEB, Outcome.NOT_OURS)
    assert request.type == "Lamp Out"
    assert request.opened == datetime(2011, 7, 5, 12, 7, 17, tzinfo=UTC)  # Boston is behind
    assert request.details["neighborhood"] == "Nowhere"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("case_enquiry_id", {"case_enquiry_id": " "}),
        ("open_dt", {"open_dt": ""}),
        ("open_dt", {"open_dt": "5 July"}),
        ("target_dt", {"target_dt": "2011-02-30 00:00:00"}),
        ("case_status", {"case_status": "Lost"}),
        ("closed_dt", {"closed_dt": ""}),
        ("closed_dt", {"case_status": "Open"}),
        ("closed_dt", {"closed_dt": "2011-07-01 00:00:00"}),
        ("type", {"type": "  "}),
        ("department", {"department": ""}),
        ("department", {"department": "MU\x07PW"}),
        ("latitude", {"latitude": "91"}),
        ("latitude", {"latitude": ""}),
        ("longitude", {"longitude": "west"}),
        ("longitude", {"longitude": "nan"}),
    ],
)
def test_a_fault_names_its_column(field: str, changes: dict[str, str]) -> None:
    with pytest.raises(Reject) as caught:
        read(Row(2, line(1, **changes)))
    assert caught.value.field == field
    assert caught.value.text.zh != caught.value.text.en


def _request(target: datetime | None, closed: datetime | None) -> Request:
    return Request(
        ref="1", opened=OPENED, target=target, closed=closed, type="t", reason="r",
        department="d", title="", location="", closure="", ward=None, lon=None, lat=None,
        channel=Channel.WEB, photo="", details={},
    )  # fmt: skip
