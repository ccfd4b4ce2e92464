"""What the console is made of; tests/desk/ drives it in a browser."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
built = pytest.mark.skipif(
    not (WEB / "dist" / "index.html").exists(), reason="the console is not built (no Node.js)"
)


def test_the_committed_document_is_the_code_s() -> None:
    """`python web/document.py && npm run api` after a change of the API."""
    from mengding.urls import api

    held = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    committed = json.loads((WEB / "openapi.json").read_text("utf-8"))
    assert committed == held


def texts(bundle: str = "") -> str:
    """All texts, or those of one bundle ("desk", "field"): each folder keeps its own."""
    found = []
    for path in sorted((WEB / "src").rglob("texts.ts")):
        of_field = "field" in path.relative_to(WEB / "src").parts
        if not bundle or (bundle == "field") == of_field:
            found.append(path.read_text("utf-8"))
    return "".join(found)


ROW = re.compile(r'^  "([\w.]+)": \["(.*)", "(.*)"\],$', re.MULTILINE)


@pytest.mark.parametrize("bundle", ["desk", "field"])
def test_each_text_has_one_key(bundle: str) -> None:
    """Of two with one key the last would win."""
    keys = [key for key, _, _ in ROW.findall(texts(bundle))]
    assert len(keys) > 200
    assert sorted(key for key in set(keys) if keys.count(key) > 1) == []


def test_no_text_has_a_hole() -> None:
    """The compiler holds both languages to each key; here: the same placeholders in both."""
    for key, zh, en in ROW.findall(texts()):
        assert zh, key
        assert en, key
        assert sorted(re.findall(r"{\w+}", zh)) == sorted(re.findall(r"{\w+}", en)), key


def test_every_verb_and_event_has_words() -> None:
    from mengding.cases.lifecycle import TABLE
    from mengding.cases.stages import Stage

    text = texts()
    verbs = (WEB / "src" / "cases" / "verbs.ts").read_text("utf-8")
    for row in TABLE:
        assert f'"event.case.{row.action}"' in text, row.action
        if not row.by_approval:
            assert re.search(rf"^  {row.action}: \[", verbs, re.MULTILINE), row.action
    for stage in Stage:
        assert f'"stage.{stage}"' in text


def test_without_a_build_the_page_says_so(settings: Any, client: Client, tmp_path: Path) -> None:
    settings.DESK_DIST = tmp_path
    answer = client.get("/desk/cases")
    assert answer.status_code == 503
    assert "Node.js" in answer.content.decode()


def test_pages_fall_back_to_the_index_and_assets_do_not(
    settings: Any, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>index</p>")
    (tmp_path / "secret.txt").write_text("no")
    (tmp_path / "assets" / "a-1234.js").write_text("let a = 1;" * 200)
    settings.DESK_DIST = tmp_path
    page = client.get("/desk/cases/12")
    assert page.content == b"<p>index</p>"
    assert page["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "csrftoken" in page.cookies
    asset = client.get("/desk/assets/a-1234.js", headers={"accept-encoding": "gzip"})
    assert asset["Content-Encoding"] == "gzip"
    assert asset["Cache-Control"] == "public, max-age=31536000, immutable"
    assert len(asset.content) < 200
    assert client.get("/desk/assets/none.js").status_code == 404
    assert client.get("/desk/assets/..%2Fsecret.txt").content != b"no"
    assert client.post("/desk/").status_code == 405


@built
def test_the_first_load_is_small() -> None:
    """Workbench: what index.html names, at most 300 kB compressed."""
    import gzip

    index = (WEB / "dist" / "index.html").read_text("utf-8")
    names = re.findall(r'(?:src|href)="/desk/(assets/[^"]+)"', index)
    assert names
    total = sum(len(gzip.compress((WEB / "dist" / name).read_bytes())) for name in names)
    assert total < 300_000
    assert "//" not in re.sub(r"xmlns=\S+", "", index)  # nothing from elsewhere
