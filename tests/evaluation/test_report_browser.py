"""The report in a real browser: on a phone, in the dark, on paper, without fetching anything."""

import shutil

import pytest

import kinfold as kf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra dev")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

#: Returns [contrast, text] of every element that holds text itself, the lowest contrast first.
CONTRASTS = """() => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
  const brush = canvas.getContext("2d", {willReadFrequently: true});
  const paint = (colours) => {
    brush.clearRect(0, 0, 1, 1);
    for (const colour of colours) { brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1); }
    return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3).map((c) => c / 255);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll("body, body *")) {
    const own = [...element.childNodes].filter((n) => n.nodeType === 3 && n.data.trim()).map((n) => n.data.trim());
    if (!own.length || element.closest("style") || !element.getClientRects().length) continue;
    const under = [];
    for (let e = element; e; e = e.parentElement) under.unshift(getComputedStyle(e).backgroundColor);
    const style = getComputedStyle(element);
    const ink = element.closest("svg") ? style.fill : style.color;
    const a = light(paint(under)), b = light(paint([...under, ink]));
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), own[0].slice(0, 40)]);
  }
  return found.sort((x, y) => x[0] - y[0]);
}"""


@pytest.fixture(scope="module")
def report_file(tmp_path_factory):
    train, test = kf.split(kf.sample("reviews"), (0.5, 0.5), seed=0)
    model = kf.LinearTextClassifier().fit(train.texts, train.labels)
    found = kf.evaluate(model, test, train_labels=train.labels)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(kf.report(found, model, test, title="Reviews"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def opened(browser, report_file, request):
    context = browser.new_context(**getattr(request, "param", {}))
    page = context.new_page()
    page.seen = []
    page.on("request", lambda asked: page.seen.append(asked.url))
    page.on("console", lambda said: page.seen.append(said.text))
    page.on("pageerror", lambda error: page.seen.append(str(error)))
    page.goto(report_file.as_uri())
    yield page
    context.close()


def test_nothing_is_fetched_and_nothing_complains(opened, report_file):
    assert opened.seen == [report_file.as_uri()]
    assert opened.title().startswith("Reviews")


@pytest.mark.parametrize("opened", [{"viewport": {"width": 390, "height": 844}}], indirect=True)
def test_fits_a_phone(opened):
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    assert opened.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16


@pytest.mark.parametrize("opened", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
def test_every_text_can_be_read(opened):
    found = opened.evaluate(CONTRASTS)
    assert len(found) > 100
    assert found[0][0] >= 4.5, found[:5]


@pytest.mark.parametrize("opened", [{"color_scheme": "dark"}], indirect=True)
def test_dark_is_dark(opened):
    colour = opened.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert max(int(part) for part in colour[4:-1].split(",")) < 60


def test_pages_cut_only_long_sections_and_those_between_rows(opened):
    opened.emulate_media(media="print")
    whole = "[...document.querySelectorAll('section:not(.long), section.long tr')]"
    kinds = opened.evaluate(f"{whole}.map((s) => getComputedStyle(s).breakInside)")
    assert kinds and set(kinds) == {"avoid"}
