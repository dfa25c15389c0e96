"""The page of a map: safe whatever the words are; and in a real browser, what a person does changes what is seen."""

import base64
import hashlib
import html
import json
import re
import shutil

import numpy as np
import pytest

from kinfold.vectors.map_page import MOST_ROWS
from kinfold.vectors.maps import WordMap, map_words
from kinfold.vectors.words import WordVectors

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"&'",
    "]]>",
    "<!--",
    "a\u2028b\u202ec",
]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]


def page_of(n=120, words=None, classed=True):
    random = np.random.default_rng(0)
    kinds = ["fish", "bird", "tool"]
    words = words or [f"{kinds[i % 3]}{i}" for i in range(n)]
    table = random.normal(size=(len(words), 6)) * 0.3
    table[np.arange(len(words)), np.arange(len(words)) % 3] += 3
    classes = {word: kinds[i % 3] for i, word in enumerate(words)} if classed else None
    vectors = WordVectors(words, table.astype(np.float32))
    return map_words(vectors, words, classes=classes, method="pca")


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


def test_hostile_words_stay_text():
    page = page_of(words=HOSTILE).html(title=HOSTILE[0])
    assert page.count("<script") == 2 and page.count("</script>") == 2
    assert "<img" not in page and html.escape(HOSTILE[1]) in page
    assert data_of(page)["words"][1] == HOSTILE[1]


def test_the_policy_names_the_only_script_and_style():
    page = page_of().html()
    policy = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1])
    style, script = (
        re.search(r"<style>(.*?)</style>", page, re.S)[1],
        re.search(r"<script>(.*?)</script>", page, re.S)[1],
    )
    for text in (style, script):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    assert " style=" not in page.replace(style, "").replace(script, "")


def test_small_maps_have_a_table_and_large_ones_have_not():
    assert "as a table" in page_of().html()
    assert "as a table" not in page_of(MOST_ROWS + 1).html()


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra dev")
    if not CHROMIUM:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="module")
def map_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "map.html"
    page_of().save(path, title="Three kinds")
    return path


@pytest.fixture
def opened(browser, map_file, request):
    context = browser.new_context(**getattr(request, "param", {"viewport": {"width": 1200, "height": 900}}))
    page = context.new_page()
    page.seen = []
    page.on("request", lambda asked: page.seen.append(asked.url))
    page.on("console", lambda said: page.seen.append(said.text))
    page.on("pageerror", lambda error: page.seen.append(str(error)))
    page.goto(map_file.as_uri())
    page.wait_for_selector("canvas[data-drawn]")
    yield page
    assert page.seen == [map_file.as_uri()]  # nothing was fetched, and nothing complained
    context.close()


def state(page):
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.evaluate("({...document.querySelector('canvas').dataset})")


def test_search_finds_marks_and_turns_to_a_word(opened):
    assert state(opened)["drawn"] == "120"
    opened.focus("#find")
    opened.keyboard.type("BIRD1")
    assert int(state(opened)["matched"]) == 12  # bird1, bird10, bird13 ... bird118
    assert opened.locator("[role=option]").first.inner_text() == "bird1"
    assert opened.inner_text(".said") == "12 words"
    opened.keyboard.press("ArrowDown")
    second = opened.locator("[role=option]").nth(1).inner_text()
    assert opened.get_attribute("#find", "aria-activedescendant") == "hit1"
    opened.keyboard.press("Enter")
    found = state(opened)
    assert found["chosen"] == second and float(found["zoom"]) > 1 and found["matched"] == "0"
    assert opened.inner_text(".chosen h2") == second
    near = opened.locator(".chosen li button")
    assert near.count() == 8
    other = near.first.inner_text()
    near.first.click()
    assert state(opened)["chosen"] == other
    opened.fill("#find", "zzz")
    assert "no word" in opened.inner_text(".said") and state(opened)["matched"] == "0"


def test_the_wheel_the_buttons_and_the_keys_zoom_and_pan(opened):
    box = opened.locator("canvas").bounding_box()
    opened.mouse.move(box["x"] + 300, box["y"] + 300)
    opened.mouse.wheel(0, -400)
    near = float(state(opened)["zoom"])
    assert near > 1.3
    drawn = int(state(opened)["drawn"])
    opened.click("#closer")
    assert float(state(opened)["zoom"]) > near
    opened.click("#whole")
    assert state(opened)["zoom"] == "1.0000"
    opened.focus("canvas")
    for _ in range(6):
        opened.keyboard.press("+")
    assert int(state(opened)["drawn"]) < drawn
    before = opened.evaluate("[view.x, view.y]")
    opened.keyboard.press("ArrowRight")
    opened.mouse.move(box["x"] + 300, box["y"] + 300)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 300, box["y"] + 420, steps=4)
    opened.mouse.up()
    after = opened.evaluate("[view.x, view.y]")
    assert after[0] > before[0] and after[1] > before[1]
    opened.keyboard.press("0")
    assert state(opened)["drawn"] == "120"


def test_more_labels_have_room_when_closer(opened):
    whole = int(state(opened)["labels"])
    drawn = int(state(opened)["drawn"])
    assert 0 < whole < drawn
    opened.focus("#find")
    opened.keyboard.type("bird1")
    opened.keyboard.press("Enter")
    found = state(opened)
    assert int(found["labels"]) / int(found["drawn"]) > whole / drawn


def test_a_class_can_be_switched_off_and_on(opened):
    before = opened.locator("canvas").screenshot()
    button = opened.locator(".legend button").first
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert state(opened)["drawn"] == "80"
    assert opened.locator("canvas").screenshot() != before
    opened.fill("#find", "bird")
    assert state(opened)["matched"] == "0"  # what is switched off is not found either
    button.click()
    assert state(opened)["drawn"] == "120" and state(opened)["matched"] == "40"


def test_pointing_at_a_word_tells_its_neighbours(opened):
    box = opened.locator("canvas").bounding_box()
    x, y, word = opened.evaluate("[screenX(5), screenY(5), words[5]]")
    opened.mouse.move(box["x"] + x, box["y"] + y)
    opened.wait_for_selector(".tip:not([hidden])")
    tip = opened.inner_text(".tip")
    assert word in tip and "near:" in tip and "tool" in tip
    opened.mouse.click(box["x"] + x, box["y"] + y)
    assert state(opened)["chosen"] == word
    opened.mouse.move(box["x"] + 3, box["y"] + 3)
    assert opened.locator(".tip").is_hidden()


@pytest.mark.parametrize(
    "opened", [{"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}], indirect=True
)
def test_a_phone_shows_it_and_two_fingers_zoom(opened):
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    touch = """(steps) => { const c = document.querySelector('canvas'), r = c.getBoundingClientRect();
      const fire = (kind, id, x, y) => c.dispatchEvent(new PointerEvent(kind, {pointerId: id, pointerType: 'touch',
        clientX: r.left + x, clientY: r.top + y, bubbles: true}));
      c.setPointerCapture = () => {};
      fire('pointerdown', 1, 150, 200); fire('pointerdown', 2, 200, 200);
      for (let i = 0; i <= steps; i++) {
        fire('pointermove', 1, 150 - 8 * i, 200); fire('pointermove', 2, 200 + 8 * i, 200);
      }
      fire('pointerup', 1, 100, 200); fire('pointerup', 2, 260, 200); }"""
    opened.evaluate(touch, 8)
    assert float(state(opened)["zoom"]) > 1.8


@pytest.mark.parametrize("opened", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
def test_light_and_dark_have_colours_of_their_own(opened):
    ink, paper, mark = opened.evaluate(
        "[colours.ink, getComputedStyle(document.documentElement).backgroundColor, colours.of[0]]"
    )
    dark = max(int(part) for part in paper[4:-1].split(",")) < 60
    assert (ink, mark) == (("#e8e6e1", "#63b8ee") if dark else ("#1c1f24", "#0072b2"))


def test_twenty_thousand_words_are_drawn_in_time(browser, tmp_path):
    random = np.random.default_rng(0)
    words, near = tuple(f"word{i}" for i in range(20_000)), random.integers(0, 20_000, (20_000, 8)).astype(np.int32)
    WordMap(words, random.normal(size=(20_000, 2)), None, "tsne", 0.97, near).save(tmp_path / "large.html")
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto((tmp_path / "large.html").as_uri())
    page.wait_for_selector("canvas[data-drawn='20000']")
    frame = page.evaluate(
        "(() => { const from = performance.now(); draw(); draw(); return (performance.now() - from) / 2; })()"
    )
    assert frame < 500  # about 30 ms on an idle machine
    context.close()
