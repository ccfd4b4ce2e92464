"""Service request updates, read and posted."""

from datetime import timedelta
from typing import Any

import pytest

from mengding.cases import actions, queries
from mengding.cases.models import Report
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, who
from mengding.core import clock
from mengding.demo.secrets import token
from mengding.ledger.actions import erase_words
from mengding.ledger.models import Event
from mengding.open311.models import RemoteUpdate
from mengding.open311.tests.asking import case_of, get, get_xml, made, post, refused, told, valid

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
UPDATES = "servicerequestupdates"


def of(request_id: str, lang: str = "zh") -> list[tuple[str, str]]:
    """(status, description) of a request's updates, newest first."""
    found = get(UPDATES, lang, service_request_id=request_id)
    assert {row["service_request_id"] for row in found} <= {request_id}
    return [(row["status"], row["description"]) for row in found]


def remote(request_id: str, **more: Any) -> dict[str, Any]:
    """An update as another system posts it."""
    return {
        "api_key": token("desk"),
        "update_id": "fms-77",
        "service_request_id": request_id,
        "updated_datetime": "2026-11-24T08:00:00Z",
        "status": "OPEN",
        "description": "还是没有人来",
        "email": "ming@example.com",
        **more,
    }


def test_the_way_of_a_case() -> None:
    case = case_at(Stage.CHECKING)
    request_id = str(Report.objects.get(case=case).pk)
    actions.reply(who("desk"), case.pk, text="井盖已更换。")
    actions.note(who("desk"), case.pk, text="内部：供货商迟到")
    from mengding.cases.tests.made import take

    take("close", case.pk)
    assert of(request_id) == [
        ("closed", "已结案"),
        ("open", "井盖已更换。"),
        ("open", "核查中"),
        ("open", "已反馈"),
        ("open", "处置中"),
        ("open", "已派遣"),
        ("open", "已立案"),
    ]
    assert of(request_id, "en")[0] == ("closed", "Closed")
    actions.reply(who("desk"), case.pk, text="感谢反映。")
    assert of(request_id)[0] == ("closed", "感谢反映。")
    assert get_xml(UPDATES, service_request_id=request_id) == get(
        UPDATES, service_request_id=request_id
    )
    ids = [row["update_id"] for row in get(UPDATES)]
    assert len(ids) == len(set(ids))


def test_each_merged_request_is_told_what_happens_after() -> None:
    first, second = made(), made()
    actions.file(who("desk"), case_of(first).pk, condition_code="C0101-1")
    actions.merge(who("desk"), case_of(second).pk, into_id=case_of(first).pk)
    actions.reply(who("desk"), case_of(first).pk, text="已安排")
    with clock.at(clock.now() + timedelta(minutes=1)):
        third = actions.join(who("desk"), case_of(first).pk, actions.Message(text="我也看到了"))
    assert of(first)[0] == of(second)[0] == ("open", "已安排")
    assert of(str(third.pk)) == []  # it came in afterwards
    told_to = [row["service_request_id"] for row in get(UPDATES)]
    assert first in told_to
    assert str(third.pk) not in told_to


def test_spans_and_pages() -> None:
    request_id = made()
    case = case_of(request_id)
    with clock.at(clock.now() + timedelta(seconds=1)):
        actions.reply(who("desk"), case.pk, text="一")
    with clock.at(clock.now() + timedelta(hours=2)):
        actions.reply(who("desk"), case.pk, text="二")
    hour = (clock.now() + timedelta(hours=1)).isoformat()
    later = get(UPDATES, start_date=hour, service_request_id=request_id)
    assert [row["description"] for row in later] == ["二"]
    assert request_id in {row["service_request_id"] for row in get(UPDATES, end_date=hour)}
    one = get(UPDATES, service_request_id=request_id, page_size="1", page="2")
    assert [row["description"] for row in one] == ["一"]
    assert get(UPDATES, service_request_id="nonsense") == []
    assert "start_date" in refused(400, UPDATES, {"start_date": "2026-11-24"})
    span = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}
    assert "90" in refused(400, UPDATES, span)


def test_erased_and_personal_words_are_not_shown() -> None:
    request_id = made()
    case = case_of(request_id)
    actions.reply(who("desk"), case.pk, text="请联系王先生 13912345678")
    assert of(request_id) == [("open", "请联系王先生 ***")]
    assert get(f"requests/{request_id}")[0]["status_notes"] == "请联系王先生 ***"
    event = Event.objects.get(subject_kind="case", subject_id=case.pk, action="case.reply")
    assert event.words_id is not None
    erase_words(who("secadmin"), "case", case.pk, [event.words_id])
    assert of(request_id) == [("open", "")]
    assert get(f"requests/{request_id}")[0]["status_notes"] is None


def test_a_posted_update_becomes_a_note_once() -> None:
    request_id = made()
    found = post(f"{UPDATES}.json", **remote(request_id))
    assert found.status_code == 201, found.content
    (told_back,) = valid(found.json(), "created_update")
    update = RemoteUpdate.objects.get(pk=told_back["update_id"])
    assert (update.update_id, update.status, update.report_id) == (
        "fms-77",
        "OPEN",
        int(request_id),
    )
    last = queries.timeline(who("desk"), case_of(request_id).pk)[-1]
    assert (last["action"], last["words"]) == (
        "case.note",
        "Open311 fms-77 (OPEN)\n还是没有人来",
    )
    again = post(f"{UPDATES}.json", **remote(request_id, description="再来"))
    assert "fms-77" in told(again, 400)
    assert (
        Event.objects.filter(
            subject_id=case_of(request_id).pk, subject_kind="case", action="case.note"
        ).count()
        == 1
    )
    # The sender's words are public nowhere, and its status changes nothing.
    assert of(request_id) == []
    other_key = remote(request_id, api_key=token("dispatch"), status="CLOSED")
    assert post(f"{UPDATES}.json", **other_key).status_code == 201
    assert get(f"requests/{request_id}")[0]["status"] == "open"


def test_a_retry_of_an_update() -> None:
    headers = {"Idempotency-Key": "u1"}
    request_id = made()
    first, again = (
        post(f"{UPDATES}.json", headers=headers, **remote(request_id)) for _ in range(2)
    )
    assert first.status_code == again.status_code == 201
    assert first.content == again.content


@pytest.mark.parametrize(
    ("change", "status", "names"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": token("audit")}, 403, ""),
        ({"update_id": ""}, 400, "update_id:"),
        ({"update_id": "x" * 101}, 400, "update_id:"),
        ({"service_request_id": ""}, 400, "service_request_id:"),
        ({"service_request_id": "999999999"}, 404, "service_request_id:"),
        ({"service_request_id": "x"}, 404, "service_request_id:"),
        ({"description": ""}, 400, "description:"),
        ({"description": "长" * 1301}, 400, "description:"),
        ({"updated_datetime": "2026-11-24T08:00:00"}, 400, "updated_datetime:"),
        ({"media_url": "ftp://example.org/x"}, 400, "media_url:"),
    ],
)
def test_the_rules(change: dict[str, str], status: int, names: str) -> None:
    request_id = made()
    found = post(f"{UPDATES}.json", **(remote(request_id) | change))
    assert names in told(found, status)
    assert not RemoteUpdate.objects.exists()


def test_the_longest_update_fits_into_a_note() -> None:
    change = {
        "update_id": "x" * 100,
        "status": "y" * 40,
        "description": "长" * 1300,
        "media_url": "https://example.org/" + "z" * 480,
    }
    assert post(f"{UPDATES}.json", **(remote(made()) | change)).status_code == 201
