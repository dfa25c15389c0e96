"""The shell of a page: only what it holds itself may count."""

import base64
import hashlib
import html
import json
import re

from kinfold.pages.document import LOOK, asset, document

MAP = {"styles": ("vectors/pages/map.css",), "script": "vectors/pages/map.js"}


def hash_of(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy_of(page):
    rules = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1])
    return dict(rule.split(" ", 1) for rule in rules.split("; "))


def test_only_its_own_style_and_script_count():
    page = document("A & b", "<p>Body</p>", data=["</script>", 1], **MAP)
    style, code = asset(LOOK) + asset(MAP["styles"][0]), asset(MAP["script"])
    assert f"<style>{style}</style>" in page and f"<script>{code}</script>" in page
    none = "'none'"
    assert policy_of(page) == {
        **{"default-src": none, "style-src": hash_of(style), "script-src": hash_of(code)},
        **{"base-uri": none, "form-action": none},
    }
    assert "<title>A &amp; b</title>" in page and "<p>Body</p>" in page
    assert json.loads(re.search(r'id="data">(.*?)</script>', page)[1]) == ["</script>", 1]


def test_without_a_script_none_may_run():
    page = document("Title", "")
    assert "<script" not in page
    assert policy_of(page)["script-src"] == "'none'" and policy_of(page)["style-src"] == hash_of(asset(LOOK))


def test_attributes_may_style_but_no_other_element():
    policy = policy_of(document("Title", "", attributes=True))
    assert policy["style-src"] == "'unsafe-inline'" and policy["style-src-elem"] == hash_of(asset(LOOK))
