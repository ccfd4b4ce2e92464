"""Care visits: only who asked, nothing in the ledger, gone with one tap."""

from datetime import timedelta

import pytest
from django.db import connection

from mengding.cases.models import Case, Contact
from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.errors import GuardFailed, Invalid, NotAllowed, NotFound
from mengding.ledger.models import Event
from mengding.tasks.actions import care, generate
from mengding.tasks.actions.care import CareVisitData
from mengding.tasks.contacts import CareContactData
from mengding.tasks.models import CareConsent, CareContact, CareVisit, Plan, Task
from mengding.tasks.queries import care as queries
from mengding.tasks.queries import tasks
from mengding.tasks.tests.made import consent

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]
NAME, PHONE, ADDRESS = "欧阳求访", "13987650913", "三组十二号"


def _ledger() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(before::text || after::text || action, '') FROM ledger_event"
        )
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def test_a_consent_plans_its_visits() -> None:
    row = consent()
    task = Task.objects.filter(consent=row).earliest("day")
    with clock.at(task.opens_at + timedelta(hours=1)):
        shown = tasks.one(who("grid"), task.pk)
        assert shown["consent"]["masked"] == {
            "name": "欧**", "phone": "139****0913", "address": "三组***",
        }  # fmt: skip
        done, counted = care.visit(who("grid"), CareVisitData(row.pk, "met"))
        assert counted == task
        # Again on the same day: it counts, and takes no task of another day that has not begun.
        _, other = care.visit(who("grid"), CareVisitData(row.pk, "not_home"))
        assert other is None
    assert CareVisit.objects.filter(consent=row).count() == 2
    assert done.case_id is None


def test_nothing_about_the_person_is_in_the_ledger() -> None:
    row = consent()
    care.reveal(who("grid"), row.pk, purpose="上门走访")
    care.withdraw(who("desk"), row.pk)
    text = _ledger()
    for word in (NAME, PHONE, ADDRESS, "上门走访", "139****0913"):
        assert word not in text
    look = Event.objects.get(action="care.reveal")
    assert look.after == {"fields": ["address", "name", "phone"]}
    assert look.words is not None


def test_columns_hold_bytes() -> None:
    contact = CareContact.objects.get(pk=consent().pk)
    for value in (bytes(contact.name), bytes(contact.phone), bytes(contact.address)):
        for word in (NAME, PHONE, ADDRESS):
            assert word.encode() not in value
    assert {field.name for field in CareConsent._meta.concrete_fields} == {
        *("id", "district", "town", "village", "grid", "scopes", "way", "given_at"),
        *("recorded_by", "every_days", "delete_on", "ended_at", "ended_as"),
    }, "no health data, no kinds of persons"


def test_one_tap_ends_it() -> None:
    row = consent()
    assert Task.objects.filter(consent=row, status="open").count() > 5
    care.withdraw(who("grid"), row.pk)
    assert not CareContact.objects.filter(pk=row.pk).exists()
    assert not Task.objects.filter(consent=row, status="open").exists()
    assert generate.generate(Plan.objects.get(consent=row).pk) == 0
    events = Event.objects.filter(subject_kind="care", subject_id=row.pk)
    assert events.latest("seq").action == "care.withdraw"
    assert events.latest("seq").words is None
    care.withdraw(who("grid"), row.pk)
    assert events.filter(action="care.withdraw").count() == 1
    with pytest.raises(GuardFailed):
        care.visit(who("grid"), CareVisitData(row.pk, "met"))
    with pytest.raises(NotFound):
        care.reveal(who("grid"), row.pk, purpose="上门走访")
    shown = queries.consent(who("desk"), row.pk)
    assert (shown["masked"], shown["ended_as"]) == ({}, "withdrawn")


def test_it_ends_by_itself_on_its_day() -> None:
    row = consent(months=1)
    with clock.at(clock.now() + timedelta(days=29)):
        assert care.end_due() == 0
    with clock.at(clock.now() + timedelta(days=31)):
        assert care.end_due() == 1
        assert care.end_due() == 0
    row.refresh_from_db()
    assert row.ended_as == "expired"
    assert not CareContact.objects.filter(pk=row.pk).exists()


def test_a_service_asked_for_becomes_a_case() -> None:
    row = consent()
    with pytest.raises(Invalid) as error:
        care.visit(who("grid"), CareVisitData(row.pk, "asks_service"))
    assert error.value.field == "text"
    for share in (False, True):
        done, _ = care.visit(
            who("grid"),
            CareVisitData(row.pk, "asks_service", text="帮忙代缴电费。", share=share),
        )
        assert done.case_id is not None
        case = Case.objects.get(pk=done.case_id)
        assert (case.class_code, case.description) == ("S0305", "帮忙代缴电费。")
        assert case.village_id == row.village_id
        # The contact goes along only when the person lets it.
        assert Contact.objects.filter(report__case=case).exists() is share
    assert NAME not in _ledger()


def test_who_sees_and_opens_what() -> None:
    row = consent()
    for name in ("grid", "desk", "supervise"):
        assert queries.consent(who(name), row.pk)["masked"]["name"] == "欧**"
    for name in ("desk", "supervise"):
        with pytest.raises(NotAllowed):
            care.reveal(who(name), row.pk, purpose="看看")
    with pytest.raises(NotAllowed):
        queries.consent(who("sysadmin"), row.pk)
    with pytest.raises(Invalid):
        care.reveal(who("grid"), row.pk, purpose=" ")


def test_what_is_wrong_with_a_consent_is_named() -> None:
    for fields, field in (
        ({"scopes": ()}, "scopes"),
        ({"scopes": ("x",)}, "scopes"),
        ({"way": "x"}, "way"),
        ({"every_days": 0}, "every_days"),
        ({"months": 13}, "months"),
        ({"contact": CareContactData(name="", address="x")}, "contact.name"),
        ({"contact": CareContactData(name="x", address="x", phone="abc")}, "contact.phone"),
        ({"at": clock.now() + timedelta(days=1)}, "at"),
    ):
        with pytest.raises(Invalid) as error:
            consent(**fields)
        assert error.value.field == field
    assert not CareConsent.objects.exists()
