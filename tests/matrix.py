"""Who may call what, written by hand: the test holds the product to this table, not to its policy.

One row an operation: method, path, and the roles it is open to. Change a row only when the answer
to "should this post be able to do that?" has changed.
"""

from dataclasses import dataclass

# One letter a role, as the rows below are read by people.
ROLE_OF = {
    "G": "collector",  # 网格员
    "D": "desk",  # 受理员
    "P": "dispatcher",  # 派遣员
    "H": "handler",  # 处置人员
    "V": "verifier",  # 核查员
    "U": "supervisor",  # 督办员
    "M": "mediator",  # 调解员
    "S": "system_admin",  # 系统管理员
    "K": "security_admin",  # 安全管理员
    "A": "auditor",  # 审计管理员
}
# The demo account of each role.
HOME = {
    "G": "grid", "D": "desk", "P": "dispatch", "H": "handler", "V": "verify",
    "U": "supervise", "M": "mediate", "S": "sysadmin", "K": "secadmin", "A": "audit",
}  # fmt: skip
EVERY = "GDPHVUMSKA"
WORKING = "GDPHVUM"  # who works on cases; the three administrators see none
PUBLIC = "*"  # nobody has to sign in


@dataclass(frozen=True, slots=True)
class Row:
    """`area`: the operation is about an object that lies somewhere, so posts elsewhere get 403
    or 404. `body`: JSON that would be accepted, so that the refusal is not about its form.
    """

    roles: str
    area: bool = False
    body: str = ""
    query: str = ""


def case(roles: str, body: str = "{}") -> Row:
    """A verb on one case."""
    return Row(roles, area=True, body=body)


def seen(query: str = "") -> Row:
    """Reading one case or what hangs on it."""
    return Row(WORKING, area=True, query=query)


_PLAN = (
    '{"name":"x","kind":"legal","who":"villages","region":"511803102201","starts_on":"2026-12-01"}'
)
_PLACE = '{"code":"test-1","name":"x","kind":"hydrant","lon":{lon},"lat":{lat}}'

# {…} in bodies and queries is filled from the objects of the test.
TABLE: dict[str, Row] = {
    # 简报 briefings
    "GET /briefings/templates": Row("DPUS"),
    "PUT /briefings/templates/{template_code}": Row(
        "US",
        body='{"kind":"day","name":"x","version":0,'
        '"spec":{"title":"x","sections":[{"block":"findings"}]}}',
    ),
    "GET /briefings/templates/{template_code}/versions": Row("DPUS"),
    "POST /briefings/preview": Row(
        "US", body='{"kind":"day","spec":{"title":"x","sections":[{"block":"findings"}]}}'
    ),
    "GET /briefings/schedule": Row("DPUS"),
    "PUT /briefings/schedule": Row(
        "US", area=True, body='{"template":"day","region":{district},"active":true}'
    ),
    "GET /briefings": Row("DPUS"),
    "POST /briefings": Row("U", area=True, body='{"template":"day","region":{district}}'),
    "GET /briefings/{int:briefing_id}": Row("DPUS", area=True),
    "POST /briefings/{int:briefing_id}/remark": Row("U", area=True, body='{"text":"x"}'),
    "POST /briefings/{int:briefing_id}/sign": Row("U", area=True, body='{"seen":"x"}'),
    "POST /briefings/{int:briefing_id}/withdraw": Row("U", area=True, body='{"reason":"x"}'),
    "GET /briefings/{int:briefing_id}/file": Row("DPUS", area=True),
    # 成本效益 costs
    "GET /costs/rates": Row("US"),
    "POST /costs/rates": Row(
        "US", area=True, body='{"starts_on":"2026-01-01","rates":{"call":{"fen":350}}}'
    ),
    "GET /costs": Row("US"),
    "GET /costs/file": Row("US"),
    "GET /costs/cases": Row("U"),
    "GET /costs/cases/{int:case_id}": Row("U", area=True),
    "GET /costs/daily": Row("U", query="?activity=task"),
    # 数据开放 open data
    "GET /opendata/terms": Row("S"),
    "PUT /opendata/terms": Row(
        "S", body='{"published":true,"threshold":5,"finest":16,"delay_days":5,"version":0}'
    ),
    # 数字 figures
    "GET /figures/wall": Row(WORKING),
    # 指标 indicators
    "GET /indicators": Row(WORKING + "S"),
    "GET /indicators/values": Row(WORKING),
    "GET /indicators/file": Row(WORKING),
    "GET /indicators/dashboards/{page}": Row(WORKING),
    "GET /indicators/dashboards/{page}/file": Row(WORKING),
    "GET /indicators/state": Row(WORKING),
    "GET /indicators/{code}/cases": Row(WORKING),
    "GET /indicators/periods": Row(WORKING),
    "GET /indicators/periods/{int:period_id}": Row(WORKING),
    "POST /indicators/periods": Row("U", area=True, body='{"period":"2025-01"}'),
    # 案件 cases
    "GET /cases": Row(WORKING),
    "GET /cases/counts": Row(WORKING),
    "GET /cases/workbench": Row(WORKING),
    "GET /cases/anchors": Row(WORKING),
    "GET /cases/export": Row("DPU", query="?format=csv&columns=number"),
    "GET /cases/export/extent": Row("DPU"),
    "GET /cases/duplicates": Row(WORKING, query="?lon=103.1&lat=30.1"),
    "GET /approvals": Row(WORKING),
    "GET /cases/{int:case_id}": seen(),
    "GET /cases/{int:case_id}/actions": seen(),
    "GET /cases/{int:case_id}/timeline": seen(),
    "GET /cases/{int:case_id}/clocks/{int:clock_id}": seen(),
    "POST /reports": Row("GDPUM", area=True, body='{"description":"x","case_id":{case}}'),
    "POST /reports/self_handled": Row(
        "G",
        area=True,
        body='{"description":"x","class_code":"C0101","region_code":"511803102201","report":"x",'
        '"photos":[{"sha256":"{sha256}","purpose":"after"}]}',
    ),
    "GET /reports/{int:report_id}": seen(),
    "POST /reports/{int:report_id}/contact": case("DHUM", '{"purpose":"回访"}'),
    "POST /reports/{int:report_id}/erase": case("K", '{"reason":"本人要求"}'),
    "POST /cases/{int:case_id}/amend": case("DP", '{"address":"x"}'),
    "POST /cases/{int:case_id}/request_check": case("DP"),
    "POST /cases/{int:case_id}/report_check": case("GV", '{"confirmed":true,"finding":"x"}'),
    "POST /cases/{int:case_id}/file": case("DM", '{"condition_code":"C0101-1"}'),
    "POST /cases/{int:case_id}/decline": case("DM", '{"reason":"x","where_to_go":"y"}'),
    "POST /cases/{int:case_id}/escalate": case("DPU", '{"reason":"x"}'),
    "POST /cases/{int:case_id}/delegate": case("PU"),
    "POST /cases/{int:case_id}/supervise": case("U", '{"demand":"x"}'),
    "POST /cases/{int:case_id}/dispatch": case("PM"),
    "POST /cases/{int:case_id}/reassign": case("P", '{"lead_org_id":{org},"reason":"x"}'),
    "POST /cases/{int:case_id}/accept": case("H"),
    "POST /cases/{int:case_id}/assist_accept": case("H"),
    "POST /cases/{int:case_id}/assist_done": case("H", '{"report":"x"}'),
    # A grid worker does these too (自办), on orders of the own village centre: see test_field.
    "POST /cases/{int:case_id}/arrive": case("H"),
    "POST /cases/{int:case_id}/ask_help": case("H", '{"text":"x"}'),
    "POST /cases/{int:case_id}/answer_help": case("P", '{"note":"x"}'),
    "POST /cases/{int:case_id}/feed_back": case("H", '{"report":"x"}'),
    "POST /cases/{int:case_id}/request_return": case("H", '{"reason":"x"}'),
    "POST /cases/{int:case_id}/request_extension": case("H", '{"amount":1,"reason":"x"}'),
    "POST /cases/{int:case_id}/request_suspension": case(
        "H", '{"until":"2027-01-31T12:00:00+08:00","reason":"x"}'
    ),
    "POST /cases/{int:case_id}/request_void": case("DP", '{"reason":"x"}'),
    "POST /cases/{int:case_id}/grant": case("U"),
    "POST /cases/{int:case_id}/refuse": case("U", '{"reason":"x"}'),
    "POST /cases/{int:case_id}/resume": case("HPU"),
    "POST /cases/{int:case_id}/start_check": case("PV"),
    "POST /cases/{int:case_id}/close": case("V", '{"outcome":"fixed","finding":"x"}'),
    "POST /cases/{int:case_id}/rework": case("V", '{"reason":"x"}'),
    "POST /cases/{int:case_id}/reopen": case("UDV", '{"reason":"x"}'),
    "POST /cases/{int:case_id}/merge": case("DP", '{"into_id":{other_case}}'),
    "POST /cases/{int:case_id}/link": case("DPU", '{"other_id":{other_case}}'),
    "POST /cases/{int:case_id}/split": case("DP", '{"report_ids":[{report}],"description":"x"}'),
    "POST /cases/{int:case_id}/reply": case("DPUHM", '{"text":"x"}'),
    "POST /cases/{int:case_id}/note": case(WORKING, '{"text":"x"}'),
    # 申诉、回访、复核、抽查 appeals, call-backs, rechecks, draws
    "GET /approvals/{int:approval_id}": seen(),
    "POST /cases/{int:case_id}/request_appeal": case("H", '{"reason":"x"}'),
    "POST /cases/{int:case_id}/call_back": case(
        "D", '{"satisfaction":"satisfied","resolved":true}'
    ),
    "POST /cases/{int:case_id}/uphold": case("V", '{"finding":"x"}'),
    "GET /rechecks": Row("VU"),
    "GET /draws": Row("VU"),
    "GET /draws/{int:draw_id}": Row("VU", area=True),
    "POST /draws": Row(
        "U",
        body='{"since":"2026-01-01T00:00:00+08:00","until":"2099-12-31T00:00:00+08:00","size":1}',
    ),
    # 督办 supervision; the demand of the test is to the handler's own organisation
    "GET /supervision/demands": Row(WORKING),
    "GET /supervision/demands/counts": Row(WORKING),
    "GET /supervision/demands/{int:demand_id}": seen(),
    "POST /supervision/demands/{int:demand_id}/answer": case("H", '{"text":"x"}'),
    "POST /supervision/demands/{int:demand_id}/accept": case("U"),
    "POST /supervision/demands/{int:demand_id}/again": case("U", '{"demand":"x"}'),
    "POST /supervision/demands/{int:demand_id}/withdraw": case("U", '{"reason":"x"}'),
    "GET /supervision/overdue": Row(WORKING),
    "GET /supervision/overdue/counts": Row(WORKING),
    "GET /supervision/appeals": Row(WORKING),
    # 预警 warnings about places and things; anonymous counts
    "GET /warnings": Row("DPU"),
    "GET /warnings/{int:warning_id}": Row("DPU", area=True),
    "POST /warnings/{int:warning_id}/decide": case("PU", '{"real":true,"words":"x"}'),
    "POST /warnings/{int:warning_id}/take": case("PU"),
    "POST /warnings/{int:warning_id}/case": case("PU", '{"words":"x"}'),
    "POST /warnings/{int:warning_id}/task": case("PU", '{"words":"x"}'),
    "GET /warnings/settings": Row("SU"),
    "POST /warnings/settings": Row("SU", body='{"version":99,"document":{}}'),
    "POST /warnings/settings/preview": Row("SU", body='{"document":{},"kinds":["overdue"]}'),
    "GET /warnings/settings/preview": Row("SU"),
    "GET /warnings/settings/preview/{int:trial_id}": Row("SU", area=True),
    "POST /warnings/settings/preview/{int:trial_id}/cancel": Row("SU", area=True),
    "GET /crowd/spots": Row("SDPU"),
    "POST /crowd/spots": Row(
        "SU", area=True, body='{"code":"x","name":"x","region":"511803102201","capacity":9}'
    ),
    "POST /crowd": case(
        "P",
        '{"id":"test","peopleCount":1,"dateObservedFrom":"2026-11-30T10:00:00Z",'
        '"dateObservedTo":"2026-11-30T09:00:00Z"}',
    ),
    # 催办 escalation: chains, previews, the audit, alarms
    "GET /escalation/chains": Row("SPUA"),
    "GET /escalation/chains/active": Row("SPUA"),
    "GET /escalation/chains/{int:version}": Row("SPUA"),
    "POST /escalation/chains": Row("S", body='{"document":{"chains":[]}}'),
    "POST /escalation/preview": Row("SPUA", body="{}"),
    "GET /cases/{int:case_id}/escalation": seen(),
    "GET /escalation/audit": Row("SUA"),
    "GET /escalation/alarms": Row("DPU"),
    "POST /escalation/alarms/{int:alarm_id}/acknowledge": case("DPU"),
    # 同时在看 presence
    "POST /cases/{int:case_id}/presence": case(WORKING, '{"state":"viewing"}'),
    # 附件 evidence
    "GET /evidence": seen("?subject_kind=case&subject_id={case}"),
    "POST /evidence": Row(WORKING, area=True, body="form"),
    "GET /evidence/{int:evidence_id}": seen(),
    "GET /evidence/{int:evidence_id}/file": seen(),
    "GET /evidence/{int:evidence_id}/preview": seen(),
    "GET /evidence/{int:evidence_id}/thumb": seen(),
    "GET /evidence/{int:evidence_id}/seal": seen(),
    "POST /evidence/attach": Row(
        WORKING, area=True, body='{"subject_kind":"case","subject_id":{case},"sha256":"{sha256}"}'
    ),
    "POST /uploads": Row(WORKING, body='{"sha256":"{sha256}","bytes":1}'),
    "PATCH /uploads/{sha256}": Row(WORKING),
    "DELETE /evidence/{int:evidence_id}": case("K", '{"reason":"误传"}'),
    # 区划 divisions
    # 地图 maps
    "GET /regions/tiles": Row(EVERY),
    "GET /cases/map": Row(WORKING, query="?bbox=102.9,29.9,103.5,30.4&zoom=9"),
    "GET /regions": Row(EVERY),
    "GET /regions/tree": Row(EVERY),
    "GET /regions/geojson": Row(EVERY, query="?level=town"),
    "GET /regions/locate": Row(EVERY, query="?lon=103.1&lat=30.1"),
    "GET /regions/by-code/{code}": Row(EVERY),
    "GET /regions/{int:pk}": Row(EVERY),
    "POST /regions": Row("S", area=True, body='{"code":"511803102299","name":"x"}'),
    "PATCH /regions/{int:pk}": Row("S", area=True, body='{"name":"x"}'),
    "POST /regions/{int:pk}/activate": Row("S", area=True, body="{}"),
    "POST /regions/{int:pk}/deactivate": Row("S", area=True, body="{}"),
    "POST /regions/import/geojson": Row("S"),
    "POST /regions/import/divisions": Row("S"),
    # 机构 organisations
    "GET /organisations": Row(EVERY),
    "GET /organisations/{pk}": Row(EVERY),
    "GET /colleagues": Row(EVERY),
    "POST /organisations": Row(
        "S", area=True, body='{"code":"x-1","kind":"department","name":"x","region":{region}}'
    ),
    "PUT /organisations/{pk}": Row(
        "S", area=True, body='{"code":"x-1","kind":"department","name":"x","region":{region}}'
    ),
    "POST /organisations/{pk}/deactivate": Row("S", area=True),
    "POST /organisations/{pk}/activate": Row("S", area=True),
    "GET /organisations/{pk}/dependents": Row("S"),
    "GET /organisations/{pk}/staff": Row("SKA"),
    # 新建辖区 founding a district
    "POST /districts": Row("S", body='{"csv":"x"}'),
    "GET /regions/next-code": Row("S", query="?parent=511803102"),
    "GET /regions/{int:pk}/dependents": Row("S"),
    # 账号 accounts; the auditor looks, the security administrator acts
    "GET /accounts": Row("KA"),
    "GET /accounts/{pk}": Row("KA"),
    "POST /accounts": Row("K", body='{"username":"neu","name":"x"}'),
    "PUT /accounts/{pk}": Row("K", area=True, body='{"name":"x","language":"zh"}'),
    "POST /accounts/{pk}/activate": Row("K", area=True),
    "POST /accounts/{pk}/deactivate": Row("K", area=True),
    "POST /accounts/{pk}/unlock": Row("K", area=True),
    "POST /accounts/{pk}/reset-password": Row("K", area=True),
    "POST /accounts/batch": Row("K", body='{"rows":[]}'),
    "GET /roles": Row("KA"),
    "POST /accounts/{pk}/reset-second-factor": Row("K", area=True),
    "GET /posts": Row("KA"),
    "POST /posts": Row(
        "K", area=True, body='{"account":{account},"role":"desk","organisation":{org}}'
    ),
    "POST /posts/{pk}/end": Row("K", area=True),
    "GET /tokens": Row("KA"),
    "POST /tokens": Row(
        "K", area=True, body='{"post":{post},"name":"x","scopes":["regions.read"]}'
    ),
    "POST /tokens/{pk}/revoke": Row("K", area=True),
    # 目录、日历、规则 configuration
    "GET /catalogue": Row(EVERY),
    "GET /catalogue/classes": Row(EVERY),
    "GET /catalogue/classes/{code}": Row(EVERY),
    "GET /catalogue/conditions": Row(EVERY),
    "GET /catalogue/suggest": Row(EVERY, query="?text=井盖"),
    "GET /catalogue/versions": Row(EVERY),
    "POST /catalogue/versions": Row("S", body="{}"),
    "POST /catalogue/versions/{int:pk}/publish": Row("S"),
    "POST /catalogue/versions/{int:pk}/retire": Row("S"),
    "GET /calendars": Row(EVERY),
    "GET /calendars/active": Row(EVERY),
    "GET /calendars/{int:pk}": Row(EVERY),
    "POST /calendars": Row("S", body="{}"),
    "POST /calendars/due": Row(
        EVERY, body='{"start":"2026-11-20T15:00:00+08:00","amount":1,"unit":"work_day"}'
    ),
    "GET /stage-limits": Row(EVERY),
    "POST /stage-limits": Row("S", body="{}"),
    "GET /routing/rule-sets": Row("SPUA"),
    "GET /routing/rule-sets/{int:version}": Row("SPUA"),
    "PUT /routing/draft": Row("S", body='{"rules":{}}'),
    "POST /routing/rule-sets/{int:version}/publish": Row("S", body="{}"),
    "POST /routing/rule-sets/{int:version}/restore": Row("S", body="{}"),
    "POST /routing/check": Row("SPUA", body='{"rules":{"rules":[]}}'),
    "POST /routing/try": Row("SPUA", body="{}"),
    "POST /routing/dry-run": Row("SPUA", body="{}"),
    # 配置页 the pages of the configuration
    "GET /catalogue/versions/{int:pk}/file": Row(EVERY),
    "GET /catalogue/versions/{int:pk}/difference": Row(EVERY),
    "POST /catalogue/drafts": Row("S", body='{"version":"2099.1"}'),
    "PUT /catalogue/versions/{int:pk}/classes/{code}": Row("S", body='{"digest":"x","data":{}}'),
    "DELETE /catalogue/versions/{int:pk}/classes/{code}": Row("S", query="?digest=x"),
    "PUT /catalogue/versions/{int:pk}/bigs/{code}": Row(
        "S", body='{"digest":"x","zh":"x","en":"x"}'
    ),
    "DELETE /catalogue/versions/{int:pk}": Row("S", query="?digest=x"),
    "POST /calendars/year": Row(EVERY, body='{"year":2026}'),
    "DELETE /routing/draft": Row("S", query="?revision=1"),
    # 台账、通知 ledger, notices
    "GET /ledger/events": Row("A"),
    "GET /ledger/events.csv": Row("A"),
    "GET /ledger/verify": Row("A"),
    # 批量 one verb on many cases
    "POST /cases/bulk/preview": Row(
        WORKING, body='{"verb":"note","fields":{"text":"x"},"ids":[{case}]}'
    ),
    "POST /cases/bulk": Row(
        WORKING,
        area=True,
        body='{"verb":"note","fields":{"text":"x"},"cases":[{"id":{case},"version":1}]}',
    ),
    "GET /cases/bulk": Row(WORKING),
    "GET /cases/bulk/{int:run_id}": Row(WORKING),
    "POST /cases/bulk/{int:run_id}/recall": Row(WORKING),
    # 筛选 saved filters
    "GET /filters": Row(WORKING),
    "GET /filters/counts": Row(WORKING),
    "POST /filters": Row(WORKING, body='{"name":"x","query":{}}'),
    "PATCH /filters/{int:pk}": Row(WORKING, body="{}"),
    "DELETE /filters/{int:pk}": Row(WORKING),
    "PUT /filters/order": Row(WORKING, body='{"ids":[]}'),
    "PATCH /filters/look": Row(WORKING, body='{"compact":true}'),
    # 移动端 field
    "GET /field/work": Row(WORKING),
    "GET /field/cases/{int:case_id}": seen(),
    "GET /notices": Row(WORKING),
    "GET /notices/count": Row(WORKING),
    "POST /notices/read": Row(WORKING, body='{"ids":[]}'),
    # 位置 positions of staff on duty; what devices send is asked in test_position_roles
    "GET /positions/on-duty": Row("PU"),
    "GET /positions/was-on-duty": Row(
        "U", query="?since=2026-11-20T00:00:00Z&until=2026-11-20T08:00:00Z"
    ),
    "POST /positions/looks": Row(
        "U",
        body='{"accounts":[{account}],"since":"2026-11-20T00:00:00Z",'
        '"until":"2026-11-20T08:00:00Z","purpose":"核对经过"}',
    ),
    "GET /positions/looks/{int:look_id}": Row("U"),
    "GET /positions/own": Row(WORKING),
    "GET /positions/own/looks": Row(WORKING),
    "GET /positions/kept": Row(WORKING),
    "GET /positions/devices": Row(WORKING),
    "POST /positions/devices": Row(WORKING, body='{"client":"traccar","name":"x"}'),
    "POST /positions/devices/{int:device_id}/revoke": Row(WORKING),
    # 标准用语 standard texts
    "GET /phrases": Row(WORKING, query="?verb=reply"),
    "GET /phrases/all": Row("SU"),
    "GET /phrases/variables": Row("SU"),
    "POST /phrases": Row(
        "SU", area=True, body='{"verb":"reply","title_zh":"x","text_zh":"x","organisation":{org}}'
    ),
    "PUT /phrases/{int:phrase_id}": Row(
        "SU", area=True, body='{"verb":"reply","title_zh":"x","text_zh":"x"}'
    ),
    "POST /phrases/{int:phrase_id}/retire": Row("SU", area=True, body="{}"),
    "POST /phrases/{int:phrase_id}/restore": Row("SU", area=True, body="{}"),
    # 接听 the phone desk
    "POST /reports/hand_over": Row(
        "GDPUM", area=True, body='{"description":"x","region_code":"511803102201","service":"110"}'
    ),
    "POST /cases/{int:case_id}/hand_over": case("GDPUM", '{"service":"119"}'),
    # 任务 tasks
    "GET /tasks/today": Row("GM"),
    "GET /tasks/{int:task_id}": Row("GM", area=True),
    "POST /tasks/{int:task_id}/complete": Row("GM", area=True, body='{"reason":"x"}'),
    "POST /tasks/{int:task_id}/cancel": Row("PU", area=True, body='{"reason":"x"}'),
    "POST /visits": Row(
        "GM",
        area=True,
        body='{"kind":"household_visit","address":"x","purpose":"notice","result":"met",'
        '"region":"511803102201"}',
    ),
    "GET /tasks": Row("PU"),
    "GET /task-plans": Row("SU"),
    "GET /task-plans/workers": Row("SU"),
    "POST /task-plans/preview": Row("SU", area=True, body=_PLAN),
    "POST /task-plans": Row("SU", area=True, body=_PLAN),
    "GET /task-plans/{int:plan_id}": Row("SU", area=True),
    "PUT /task-plans/{int:plan_id}": Row("SU", area=True, body=_PLAN),
    "POST /task-plans/{int:plan_id}/end": Row("SU", area=True, body="{}"),
    "GET /task-catalogue": Row(EVERY),
    "GET /task-catalogue/editions": Row("S"),
    "PUT /task-catalogue/kinds/{code}": Row(
        "S", body='{"zh":"x","en":"x","record":"visit","base":1}'
    ),
    "PUT /task-catalogue/checklists/{code}": Row(
        "S", body='{"zh":"x","en":"x","items":[],"base":1}'
    ),
    "PUT /task-catalogue/place-kinds/{code}": Row(
        "S",
        body='{"zh":"x","en":"x","checklist":"hydrant","task":"key_place","every_days":9,"base":1}',
    ),
    # 检查场所 places and inspections
    "GET /places": Row("GPUS"),
    "GET /places/map": Row("GPUS"),
    "GET /places/{int:place_id}": Row("GPUS", area=True),
    "POST /places": Row("US", area=True, body=_PLACE),
    "PUT /places/{int:place_id}": Row("US", area=True, body=_PLACE),
    "POST /places/{int:place_id}/retire": Row("US", area=True, body="{}"),
    "POST /places/{int:place_id}/restore": Row("US", area=True, body="{}"),
    "POST /places/import": Row("US", body='{"csv":"x"}'),
    "POST /inspections": Row(
        "G", area=True, body='{"place":{place_id},"answers":[{"item":"hose","answer":"yes"}]}'
    ),
    "GET /inspections": Row("GPU"),
    "GET /inspections/{int:inspection_id}": Row("GPU", area=True),
    "GET /findings": Row("GPU"),
    "POST /findings/{int:finding_id}/case": Row("G", area=True, body="{}"),
    # 关爱走访 care visits
    "GET /care/consents": Row("GDU"),
    "POST /care/consents": Row(
        "GD",
        area=True,
        body='{"scopes":["chat"],"way":"phone","contact":{"name":"x","address":"y"},'
        '"region":"511803102201"}',
    ),
    "POST /care/consents/{int:consent_id}/withdraw": Row("GDU", area=True),
    "POST /care/consents/{int:consent_id}/contact": Row("G", area=True, body='{"purpose":"x"}'),
    "POST /care/visits": Row("G", area=True, body='{"consent":{consent_id},"result":"met"}'),
    # 应急资源 emergency resources
    "GET /resources": Row(WORKING),
    "GET /resources/map": Row(WORKING),
    "GET /resources/near": Row(WORKING, query="?lon=103.1&lat=30.1"),
    "GET /resources/export": Row("PU"),
    "GET /resources/contacts": Row("PU"),
    "POST /resources/import": Row("PU", body='{"csv":"x"}'),
    "GET /resources/due": Row("GHPU"),
    "GET /resources/rounds": Row(WORKING),
    "POST /resources/rounds": Row(
        "PU", area=True, body='{"title":"x","due_on":"2099-01-01","resources":[{resource_id}]}'
    ),
    "GET /resources/rounds/{int:round_id}": Row("PU", area=True),
    "POST /resources/rounds/{int:round_id}/close": Row("PU", area=True),
    "POST /resources": Row(
        "PU",
        area=True,
        body='{"kind":"store","name":"x","lon":{lon},"lat":{lat},"quantity":1,"unit":"x",'
        '"organisation":{org}}',
    ),
    "GET /resources/{int:resource_id}": Row(WORKING, area=True),
    "PUT /resources/{int:resource_id}": Row(
        "PU",
        area=True,
        body='{"kind":"store","name":"x","lon":{lon},"lat":{lat},"quantity":1,"unit":"x",'
        '"organisation":{org}}',
    ),
    "POST /resources/{int:resource_id}/checks": Row(
        "GHPU", area=True, body='{"quantity":1,"condition":"good"}'
    ),
    "POST /resources/checks/{int:check_id}/case": Row("GPU", area=True),
    # 通知与宣传 notices to staff, outreach material
    "GET /bulletins": Row(EVERY),
    "GET /bulletins/sent": Row("PU"),
    "POST /bulletins": Row(
        "PU", area=True, body='{"title":"x","text":"x","region":"511803102201"}'
    ),
    "POST /bulletins/{int:bulletin_id}/withdraw": Row("PU", area=True),
    "POST /bulletins/{int:bulletin_id}/acknowledge": Row(EVERY, body="{}"),
    "GET /bulletins/{int:bulletin_id}/waiting": Row("PU", area=True),
    "GET /materials": Row(EVERY),
    "GET /materials/all": Row("PU"),
    "POST /materials": Row(
        "PU", area=True, body='{"topic":"law","title":"x","text":"x","region":"511803102201"}'
    ),
    "PUT /materials/{int:material_id}": Row(
        "PU", area=True, body='{"topic":"law","title":"x","text":"x"}'
    ),
    "POST /materials/{int:material_id}/retire": Row("PU", area=True),
    "POST /materials/{int:material_id}/restore": Row("PU", area=True),
    # 覆盖与评价 coverage and evaluation
    "GET /coverage": Row("PU"),
    "GET /fieldwork": Row("PU"),
    "GET /fieldwork/file": Row("PU"),
    "GET /fieldwork/{code}/behind": Row("PU"),
    "GET /coverage/{int:region_id}/people": Row("PU", area=True),
    "GET /evaluation/mine": Row(WORKING),
    "GET /evaluation/mine/months": Row(WORKING),
    "POST /evaluation/look": Row(
        "U", area=True, body='{"account":{grid_account},"month":"2026-10","why":"x"}'
    ),
    "GET /evaluation/rules": Row(WORKING + "S"),
    "POST /evaluation/rules": Row(
        "S", body='{"weights":{"completion":1},"starts_on":"2099-01-01"}'
    ),
    "POST /evaluation/rules/trial": Row("S", body='{"weights":{"completion":1}}'),
    "GET /evaluation/months": Row("S"),
    "POST /evaluation/months/{month}/freeze": Row("S"),
    "GET /evaluation/appeals": Row("U"),
    "POST /evaluation/appeals": Row(WORKING, body='{"figure":1,"tasks":[1],"reason":"x"}'),
    "POST /evaluation/appeals/{int:appeal_id}/withdraw": Row(WORKING),
    "GET /evaluation/appeals/{int:appeal_id}": Row("U", area=True),
    "POST /evaluation/appeals/{int:appeal_id}/review": Row(
        "U", area=True, body='{"turn":1,"grants":true,"reason":"x"}'
    ),
    # 我的数据 what is held about me
    "GET /me/holdings": Row(EVERY),
    # 值勤 duty
    "GET /duty/me": Row(WORKING),
    "POST /duty/on": Row(WORKING, body="{}"),
    "POST /duty/off": Row(WORKING, body="{}"),
    "GET /duty/now": Row("DPU"),
    "GET /duty/coverage": Row("DPU"),
    "GET /duty/teams": Row(WORKING),
    "POST /duty/teams": Row(
        "PU", area=True, body='{"kind":"township","name":"x","region":{region}}'
    ),
    "PUT /duty/teams/{int:team_id}": Row(
        "PU", area=True, body='{"kind":"township","name":"x","region":{region}}'
    ),
    "GET /duty/people": Row("PU"),
    "GET /duty/shifts": Row(WORKING),
    "POST /duty/shifts": Row(
        "PU",
        area=True,
        body='{"region":{region},"name":"x","starts":"08:00","ends":"18:00","weekdays":[0]}',
    ),
    "PUT /duty/shifts/{int:shift_id}": Row(
        "PU",
        area=True,
        body='{"region":{region},"name":"x","starts":"08:00","ends":"18:00","weekdays":[0]}',
    ),
    # The roster of a team is arranged by who manages the area or leads the team.
    "GET /duty/roster": Row(
        WORKING, area=True, query="?team={team_id}&first=2026-12-01&last=2026-12-02"
    ),
    "GET /duty/roster/mine": Row(WORKING),
    "GET /duty/roster/{int:slot_id}/offers": Row(WORKING),
    "POST /duty/roster": Row(
        "PU",
        area=True,
        body='{"team":{team_id},"shift":{shift_id},"post":{post},"day":"2099-01-02"}',
    ),
    "PUT /duty/roster/{int:slot_id}": Row("PU", area=True, body="{}"),
    "DELETE /duty/roster/{int:slot_id}": Row("PU", area=True),
    "POST /duty/roster/generate": Row(
        "PU",
        area=True,
        body='{"team":{team_id},"first":"2099-01-01","last":"2099-01-02","cycle":[{shift_id}],'
        '"people":[{post}]}',
    ),
    "GET /duty/swaps": Row(WORKING),
    "POST /duty/swaps": Row(WORKING, body='{"slot":{slot_id},"other":{post}}'),
    "POST /duty/swaps/{int:swap_id}/answer": Row(WORKING, area=True, body='{"agree":true}'),
    "POST /duty/swaps/{int:swap_id}/decide": Row("PU", area=True, body='{"approve":true}'),
    "POST /duty/swaps/{int:swap_id}/withdraw": Row(WORKING, area=True, body="{}"),
    "GET /duty/leave": Row(WORKING),
    "POST /duty/leave": Row(
        WORKING, body='{"kind":"leave","first":"2099-01-01","last":"2099-01-02"}'
    ),
    "POST /duty/leave/{int:leave_id}/decide": Row("PU", area=True, body='{"grant":true}'),
    "POST /duty/leave/{int:leave_id}/withdraw": Row("PU", area=True, body="{}"),
    "GET /duty/closures": Row(WORKING),
    "POST /duty/closures": Row(
        "PU",
        area=True,
        body='{"region":{region},"reason":"rain","first":"2099-01-01","last":"2099-01-02"}',
    ),
    "POST /duty/closures/{int:closure_id}/cancel": Row("PU", area=True, body="{}"),
    # 会话 session
    "GET /session": Row(EVERY),
    "POST /session": Row(PUBLIC, body="{}"),
    "DELETE /session": Row(PUBLIC),
    "POST /session/post": Row(EVERY, body="{}"),
    "POST /session/password": Row(EVERY, body="{}"),
    # 二次验证 the second step
    "POST /session/second-step": Row(PUBLIC, body="{}"),
    "GET /session/second-factor": Row(EVERY),
    "POST /session/second-factor": Row(EVERY, body="{}"),
    "POST /session/second-factor/confirm": Row(EVERY, body="{}"),
    "POST /session/second-factor/recovery": Row(EVERY, body="{}"),
    "POST /session/second-factor/remove": Row(EVERY, body="{}"),
}

# Open311 stands beside the API: reading is public, writing needs a key (a token of a post).
# By the name of the address in `open311.urls`; the path is below /open311/v2/.
OPEN311: dict[str, tuple[str, Row]] = {
    "GET discovery": ("discovery.json", Row(PUBLIC)),
    "GET services": ("services.json", Row(PUBLIC)),
    "GET service": ("services/C0101.json", Row(PUBLIC)),
    "GET requests": ("requests.json", Row(PUBLIC)),
    "GET request": ("requests/{report}.json", Row(PUBLIC)),
    "GET token": ("tokens/none.json", Row(PUBLIC)),
    "GET updates": ("servicerequestupdates.json", Row(PUBLIC)),
    "POST requests": (
        "requests.json",
        Row("GDPUM", area=True, body="service_code=C0101&address_id={village}&description=x"),
    ),
    "POST updates": (
        "servicerequestupdates.json",
        Row(
            WORKING,
            area=True,
            body="service_request_id={report}&update_id=1&description=x&status=open"
            "&updated_datetime=2026-11-20T10:00:00Z",
        ),
    ),
}

# The admin site: model → (who may look, who may add). Everybody else is shown the door.
ADMIN: dict[str, tuple[str, str]] = {
    "regions.Region": ("SKA", "S"),
    "people.Organisation": ("SKA", "S"),
    "people.Account": ("KA", "K"),
    "people.Post": ("KA", "K"),
    "people.Token": ("KA", "K"),
    "catalogue.SchemeVersion": ("S", ""),
    "catalogue.CaseClass": ("S", ""),
    "clocks.Calendar": ("S", ""),
    "clocks.StageLimits": ("S", ""),
    "routing.RuleSet": ("SA", ""),
    "evidence.Evidence": ("A", ""),
    "evidence.Blob": ("A", ""),
    "ledger.Event": ("A", ""),
    "ledger.Outbox": ("A", ""),
    # Registered by libraries; nobody needs them here.
    "auth.Group": ("", ""),
    "procrastinate.ProcrastinateJob": ("", ""),
}
