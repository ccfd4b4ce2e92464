import re

import pytest
from django.test import Client
from django.utils import translation

from mengding.core.text import language


def test_a_sane_request_id_is_kept(client: Client) -> None:
    answer = client.get("/language", headers={"X-Request-ID": "gate-7:abc.D_1"})
    assert answer["X-Request-ID"] == "gate-7:abc.D_1"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "数", "a;b"])
def test_any_other_request_id_is_replaced(client: Client, given: str) -> None:
    made = client.get("/language", headers={"X-Request-ID": given})["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{24}", made)


@pytest.mark.parametrize(
    ("header", "said"),
    [("", "中 zh-hans"), ("en-US", "en en"), ("fr, zh-TW, en", "中 zh-hans"), ("fr", "中 zh-hans")],
)
def test_language_follows_the_header_and_ends_with_the_request(
    client: Client, header: str, said: str
) -> None:
    before = translation.get_language()
    answer = client.get("/language", headers={"Accept-Language": header})
    assert answer.content.decode() == said
    assert language.get() == "zh"
    assert translation.get_language() == before
