"""Loading, publishing and retiring versions, on the real database."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, ProgrammingError

from mengding.catalogue import actions, file, queries
from mengding.catalogue.models import CaseClass, Condition, SchemeVersion, Status
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, ActorKind, Role
from mengding.core.errors import Conflict, DomainError, NotAllowed, NotFound, WrongStage
from mengding.ledger.models import Event

BUNDLED = file.BUNDLED.read_bytes()
ADMIN = Actor(kind=ActorKind.STAFF, account_id=1, post_id=1, role=Role.SYSTEM_ADMIN)


def small(version: str = "1", scheme: str = "mengding", **changes: Any) -> bytes:
    """A file of two classes; `changes` go into the first."""
    value = json.loads(BUNDLED)
    value.update(version=version, scheme=scheme)
    value["classes"] = [c for c in value["classes"] if c["code"] in ("E0110", "S0101")]
    value["classes"][0].update(changes)
    return json.dumps(value, ensure_ascii=False).encode()


def test_bundled_file_loads_publishes_and_reads_back(db: None) -> None:
    parsed = file.parse(BUNDLED)
    moment = datetime(2026, 3, 1, 8, tzinfo=UTC)
    with clock.at(moment):
        version = actions.load_file(ADMIN, BUNDLED)
        assert version.status == Status.DRAFT
        version = actions.publish(ADMIN, version)
    assert (version.status, version.published_at) == (Status.ACTIVE, moment)
    assert queries.active_version() == version
    read = queries.classes(version)
    assert [c.code for c in read] == sorted(c.code for c in parsed.classes)
    for spec in parsed.classes:
        info = queries.class_by_code(version, spec.code)
        assert (info.name.zh, info.name.en, info.public) == (spec.zh, spec.en, spec.public)
        assert [
            (c.code, c.filing.zh, c.closing.en, c.limit_amount, c.limit_unit, c.grade)
            for c in queries.conditions(info)
        ] == [
            (
                c.code,
                c.filing_zh,
                c.closing_en,
                c.limit_amount,
                c.limit_unit.value,
                (c.grade or spec.grade).value,
            )
            for c in spec.conditions
        ]


def test_one_version_is_in_force_and_each_step_is_in_the_ledger(db: None) -> None:
    one = actions.publish(ADMIN, actions.load_file(ADMIN, small("1")))
    two = actions.publish(ADMIN, actions.load_file(ADMIN, small("2")))
    one.refresh_from_db()
    assert (one.status, two.status) == (Status.RETIRED, Status.ACTIVE)
    back = actions.publish(ADMIN, one)
    assert (back.status, back.retired_at, back.published_at) == (
        Status.ACTIVE,
        None,
        one.published_at,
    )
    actions.retire(ADMIN, back)
    with pytest.raises(NotFound, match="no_active_catalogue"):
        queries.active_version()
    events = Event.objects.filter(subject_kind="catalogue")
    of_one = events.filter(subject_id=one.pk).order_by("seq")
    assert list(of_one.values_list("action", flat=True)) == [
        "catalogue.load",
        "catalogue.publish",
        "catalogue.retire",
        "catalogue.publish",
        "catalogue.retire",
    ]
    first = of_one[0]
    assert first.account_id == 1
    assert first.after == {
        "scheme": "mengding",
        "version": "1",
        "digest": one.digest,
        "classes": 2,
        "conditions": CaseClass.objects.filter(version=one, conditions__isnull=False).count(),
    }


def test_two_schemes_are_in_force_side_by_side(db: None) -> None:
    actions.publish(SYSTEM, actions.load_file(SYSTEM, small("1")))
    actions.publish(SYSTEM, actions.load_file(SYSTEM, small("1", scheme="other")))
    assert queries.active_version().scheme.code == "mengding"
    assert queries.active_version("other").scheme.code == "other"


def test_the_same_file_twice_changes_nothing(db: None) -> None:
    one = actions.load_file(ADMIN, small())
    assert actions.load_file(ADMIN, small()) == one
    actions.publish(ADMIN, one)
    assert actions.load_file(ADMIN, small()).status == Status.ACTIVE
    assert Event.objects.filter(action="catalogue.load").count() == 1


def test_a_draft_is_replaced_whole(db: None) -> None:
    one = actions.load_file(ADMIN, small())
    old = queries.class_by_code(one, "E0110")
    again = actions.load_file(ADMIN, small(zh="暴露的垃圾"))
    assert again.pk == one.pk
    assert queries.class_by_code(again, "E0110").name.zh == "暴露的垃圾"
    assert CaseClass.objects.filter(version=one).count() == 2
    with pytest.raises(NotFound):
        queries.class_by_id(old.id)


def test_published_content_is_not_replaced(db: None) -> None:
    actions.publish(ADMIN, actions.load_file(ADMIN, small()))
    with pytest.raises(Conflict) as caught:
        actions.load_file(ADMIN, small(zh="暴露的垃圾"))
    assert caught.value.field == "version"
    assert caught.value.extra["published_digest"] != caught.value.extra["offered_digest"]


def test_a_faulty_file_leaves_nothing_behind(db: None) -> None:
    with pytest.raises(file.InvalidCatalogue):
        actions.load_file(ADMIN, small(grade="high"))
    assert not SchemeVersion.objects.exists()


def test_wrong_steps_are_refused(db: None) -> None:
    draft = actions.load_file(ADMIN, small())
    with pytest.raises(WrongStage, match="catalogue_not_active"):
        actions.retire(ADMIN, draft)
    actions.publish(ADMIN, draft)
    with pytest.raises(WrongStage, match="catalogue_already_active"):
        actions.publish(ADMIN, draft)


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.SYSTEM_ADMIN])
def test_only_the_system_administrator_manages(db: None, role: Role) -> None:
    draft = actions.load_file(ADMIN, small())
    actor = Actor(kind=ActorKind.STAFF, account_id=2, post_id=2, role=role)
    with pytest.raises(NotAllowed):
        actions.load_file(actor, small("2"))
    with pytest.raises(NotAllowed):
        actions.publish(actor, draft)
    with pytest.raises(NotAllowed):
        actions.retire(actor, actions.publish(ADMIN, draft))


PUBLISHED_EDITS = [
    "UPDATE catalogue_caseclass SET zh = '别的' WHERE version_id = {version}",
    "UPDATE catalogue_caseclass SET version_id = {draft} WHERE version_id = {version}",
    "UPDATE catalogue_caseclass SET version_id = {version} WHERE version_id = {draft}",
    "INSERT INTO catalogue_caseclass (version_id, code, kind, big_code, big_zh, big_en, small_code,"
    " zh, en, keywords_zh, grade, public, confidential, default_department, description_zh)"
    " VALUES ({version}, 'E0199', 'event', '01', '一', 'a', '99', '二', 'b', '{{}}', 'general',"
    " true, false, 'x', '三')",
    "UPDATE catalogue_condition SET limit_amount = 99 WHERE case_class_id = {case_class}",
    "UPDATE catalogue_condition SET case_class_id = {case_class} WHERE case_class_id = {drafted}",
    "DELETE FROM catalogue_condition WHERE case_class_id = {case_class}",
    "INSERT INTO catalogue_condition (case_class_id, code, filing_zh, filing_en, closing_zh,"
    " closing_en, limit_amount, limit_unit, grade)"
    " VALUES ({case_class}, 'E0110-9', '一', 'a', '二', 'b', 1, 'work_day', '')",
    "UPDATE catalogue_schemeversion SET title_zh = '别的' WHERE id = {version}",
    "UPDATE catalogue_schemeversion SET departments = '[]' WHERE id = {version}",
    "UPDATE catalogue_schemeversion SET published_at = now() WHERE id = {version}",
    "UPDATE catalogue_schemeversion SET status = 'draft', published_at = NULL, retired_at = NULL"
    " WHERE id = {version}",
    "DELETE FROM catalogue_schemeversion WHERE id = {version}",
]


@pytest.mark.parametrize("retired", [False, True], ids=["active", "retired"])
@pytest.mark.parametrize("statement", PUBLISHED_EDITS)
def test_the_database_refuses_to_change_what_is_published(
    db: None, statement: str, retired: bool
) -> None:
    version = actions.publish(ADMIN, actions.load_file(ADMIN, small("1")))
    if retired:
        version = actions.retire(ADMIN, version)
    draft = actions.load_file(ADMIN, small("2"))
    with (
        pytest.raises(ProgrammingError, match="published and cannot change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            statement.format(
                version=version.pk,
                draft=draft.pk,
                case_class=queries.class_by_code(version, "E0110").id,
                drafted=queries.class_by_code(draft, "E0110").id,
            )
        )


def test_a_draft_may_change_by_the_same_statements(db: None) -> None:
    draft = actions.load_file(ADMIN, small())
    row = CaseClass.objects.get(version=draft, code="E0110")
    row.zh = "别的"
    row.save()
    assert Condition.objects.filter(case_class=row).update(limit_amount=99) >= 1
    Condition.objects.filter(case_class__version=draft).delete()
    CaseClass.objects.filter(version=draft).delete()
    draft.delete()
    assert not SchemeVersion.objects.exists()


@pytest.mark.parametrize(
    ("model", "change", "name"),
    [
        (CaseClass, {"code": "C0110"}, "class_code_says_kind"),
        (CaseClass, {"small_code": "12"}, "class_code_says_big_and_small"),
        (CaseClass, {"grade": "high"}, "class_grade_known"),
        (CaseClass, {"confidential": True, "public": True}, "confidential_class_not_public"),
        (Condition, {"limit_amount": 0}, "condition_limit_positive"),
        (Condition, {"limit_unit": "hour"}, "condition_unit_known"),
        (Condition, {"grade": "high"}, "condition_grade_known"),
        (Condition, {"code": "E0110"}, "condition_code_shape"),
        (SchemeVersion, {"digest": "x"}, "version_digest_is_sha256"),
        (SchemeVersion, {"status": "active"}, "version_status_has_its_times"),
    ],
)
def test_the_database_refuses_nonsense_in_a_draft(
    db: None, model: Any, change: dict[str, Any], name: str
) -> None:
    draft = actions.load_file(ADMIN, small())
    rows = {
        CaseClass: CaseClass.objects.filter(version=draft, code="E0110"),
        Condition: Condition.objects.filter(case_class__version=draft, code="E0110-1"),
        SchemeVersion: SchemeVersion.objects.filter(pk=draft.pk),
    }[model]
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        rows.update(**change)


def test_published_classes_are_read_once(db: None, django_assert_num_queries: Any) -> None:
    version = actions.publish(ADMIN, actions.load_file(ADMIN, small()))
    first = queries.class_by_code(version, "E0110")
    assert queries.class_by_id(first.id) is first
    with django_assert_num_queries(0):
        assert queries.class_by_id(first.id) is first
        assert queries.condition_by_code(version, "E0110-1").class_id == first.id
        assert queries.edition(version).conditions_by_id[first.conditions[0].id].code == "E0110-1"
    with django_assert_num_queries(1):
        assert queries.suggest("路边有垃圾")[0].code == "E0110"


def test_a_publication_rolled_back_leaves_no_stale_copy(db: None) -> None:
    draft = actions.load_file(ADMIN, small())
    sid = transaction.savepoint()
    seen = queries.class_by_code(actions.publish(ADMIN, draft), "E0110")
    transaction.savepoint_rollback(sid)
    actions.load_file(ADMIN, small(zh="暴露的垃圾"))
    actions.load_file(ADMIN, small())
    with clock.at(clock.now() + timedelta(seconds=1)):
        version = actions.publish(ADMIN, SchemeVersion.objects.get(pk=draft.pk))
    now = queries.class_by_code(version, "E0110")
    assert now.id != seen.id
    assert CaseClass.objects.filter(pk=now.id).exists()


def test_unknown_codes_are_named(db: None) -> None:
    version = actions.load_file(ADMIN, small())
    with pytest.raises(NotFound) as caught:
        queries.class_by_code(version, "E9999")
    assert (caught.value.field, "E9999" in caught.value.text.zh) == ("class_code", True)
    with pytest.raises(NotFound) as caught:
        queries.condition_by_code(version, "E0110-9")
    assert caught.value.field == "condition"
    with pytest.raises(NotFound):
        queries.class_by_id(0)


@pytest.mark.django_db(transaction=True)
def test_two_publish_at_once_and_one_stays_in_force() -> None:
    drafts = [actions.load_file(SYSTEM, small(str(n), scheme="race")) for n in (1, 2)]
    gate = threading.Barrier(2)
    answers: list[str] = []

    def publish(draft: SchemeVersion) -> None:
        try:
            gate.wait(5)
            actions.publish(SYSTEM, draft)
            answers.append("published")
        except DomainError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=(d,)) for d in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == ["published", "published"]
    statuses = SchemeVersion.objects.filter(scheme__code="race").values_list("status", flat=True)
    assert sorted(statuses) == [Status.ACTIVE, Status.RETIRED]


@pytest.mark.django_db(transaction=True)
def test_an_edit_that_meets_a_publication_waits_and_is_refused() -> None:
    draft = actions.load_file(SYSTEM, small("1", scheme="race"))
    published, go = threading.Event(), threading.Event()

    def publish() -> None:
        try:
            with transaction.atomic():
                actions.publish(SYSTEM, draft)
                published.set()
                go.wait(5)
        finally:
            connection.close()

    thread = threading.Thread(target=publish)
    thread.start()
    assert published.wait(5)
    # The edit below starts while the publication is not committed yet.
    timer = threading.Timer(0.3, go.set)
    timer.start()
    with pytest.raises(ProgrammingError, match="published and cannot change"):
        CaseClass.objects.filter(version=draft).update(zh="别的")
    thread.join(5)
    assert not CaseClass.objects.filter(version=draft, zh="别的").exists()
