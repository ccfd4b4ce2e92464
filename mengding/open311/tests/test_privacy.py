"""Nothing leaks: no contact data, no internal word, no case that is not public."""

import pytest
from django.test import Client

from mengding.cases import actions
from mengding.cases.contacts import ContactData
from mengding.cases.models import Case
from mengding.cases.stages import Outcome
from mengding.cases.tests.made import LEAD, org, report, who
from mengding.demo.secrets import token
from mengding.open311.tests.asking import ROOT, answer, case_of, form, get, made, post, told

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def everything(request_id: str) -> str:
    """All that the public can read about a request, in both formats and languages."""
    paths = [
        f"requests/{request_id}",
        f"tokens/{request_id}",
        f"requests?service_request_id={request_id}",
        "requests",
        f"servicerequestupdates?service_request_id={request_id}",
        "servicerequestupdates",
    ]
    texts = []
    for path in paths:
        head, _, query = path.partition("?")
        for suffix in ("json", "xml"):
            for lang in ("zh", "en"):
                found = Client().get(
                    f"{ROOT}/{head}.{suffix}?{query}", headers={"Accept-Language": lang}
                )
                texts.append(found.content.decode() + str(dict(found.items())))
    return "\n".join(texts)


def test_neither_contact_data_nor_internal_words() -> None:
    request_id = made(
        first_name="小明",
        last_name="欧阳",
        email="ouyang@example.com",
        device_id="device-4711",
        account_id="account-4711",
        description="井盖响，请回电138-1234-5678或me@example.com，身份证511802199003076512",
        address_string="解放路12号 0835-3221234",
    )
    case_id = case_of(request_id).pk
    secrets = {"note": "供货商迟到", "finding": "现场已核", "fed": "换了三遍", "why": "超出工期"}
    actions.note(who("desk"), case_id, text=secrets["note"])
    actions.file(who("desk"), case_id, condition_code="C0101-1")
    actions.dispatch(who("dispatch"), case_id, lead_org_id=org(LEAD), note="走后门")
    actions.accept(who("handler"), case_id)
    actions.request_extension(who("handler"), case_id, amount=1, reason=secrets["why"])
    actions.grant(who("supervise"), case_id, note="批了")
    actions.feed_back(who("handler"), case_id, report=secrets["fed"])
    actions.start_check(who("verify"), case_id)
    actions.close(
        who("verify"),
        case_id,
        outcome=Outcome.FIXED,
        finding=secrets["finding"],
        condition_met=True,
    )
    shown = everything(request_id)
    assert "井盖响，请回电***或***，身份证***" in shown
    assert "解放路12号 ***" in shown
    forbidden = [
        *secrets.values(),
        "走后门",
        "批了",
        "欧阳",
        "小明",
        "ouyang",
        "4711",
        "13812345678",
    ]
    forbidden += ["138-1234-5678", "me@example.com", "511802199003076512", "3221234"]
    forbidden += [
        "李雯",
        "刘强",
        "王建国",
        token("desk"),
        Case.objects.get(pk=case_id).number or "?",
    ]
    assert [word for word in forbidden if word in shown] == []


def hidden(request_id: str, word: str) -> None:
    """There is no trace of the request."""
    told(answer(f"requests/{request_id}.json"), 404)
    told(answer(f"tokens/{request_id}.json"), 404)
    assert get("requests", service_request_id=request_id) == []
    assert get("servicerequestupdates", service_request_id=request_id) == []
    assert word not in everything(request_id)
    found = post(
        "servicerequestupdates.json",
        api_key=token("desk"),
        update_id="x",
        service_request_id=request_id,
        description="y",
    )
    told(found, 404)


def test_mediation_and_advice_do_not_exist() -> None:
    for code in ("S0102", "S0201", "E0801", "S0401"):
        made_here = report(f"邻里纠纷 {code}", class_code=code)
        actions.reply(who("mediate" if code == "S0102" else "desk"), made_here.case_id, text="回")
        hidden(str(made_here.pk), f"邻里纠纷 {code}")
        told(post(**form(service_code=code)), 404)


def test_a_report_without_class_is_not_public() -> None:
    hidden(str(report("不知道归谁管", class_code="").pk), "不知道归谁管")


def test_an_erased_report_is_gone() -> None:
    request_id = made(description="我家的事")
    actions.reply(who("desk"), case_of(request_id).pk, text="已处理您家的事")
    actions.erase_report(who("secadmin"), int(request_id), reason="本人要求")
    hidden(request_id, "您家的事")


def test_a_request_whose_case_becomes_confidential_is_gone() -> None:
    request_id = made(description="其实是家事")
    actions.amend(who("desk"), case_of(request_id).pk, class_code="S0102")
    hidden(request_id, "其实是家事")


def test_what_the_phone_desk_took_down_is_shown_without_contact() -> None:
    request_id = str(report("路灯不亮", contact=ContactData(name="司马光", phone="13900001111")).pk)
    shown = everything(request_id)
    assert "路灯不亮" in shown
    assert "司马" not in shown
    assert "13900001111" not in shown
