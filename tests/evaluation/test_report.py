from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from kinfold.evaluation import evidence, page
from kinfold.evaluation.evaluate import evaluate
from kinfold.evaluation.label_errors import label_errors
from kinfold.evaluation.report import report

VOID = {"meta", "br", "hr", "img", "input", "link", "line", "circle", "rect", "polyline"}


class Checker(HTMLParser):
    """Collects tags and text, and insists that every element is closed where it was opened."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text, self.labels = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag == "svg":
            held = dict(attrs)
            assert held.get("aria-hidden") == "true" or (held.get("role") == "img" and held["aria-label"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def checked(html):
    parser = Checker()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(parser.tags)
    for _, name, value in parser.attributes:
        assert not name.startswith("on") and name not in ("src", "href")
        assert "javascript:" not in (value or "")
    assert "http:" not in html and "https:" not in html and "url(" not in html and "@import" not in html
    ids = [value for _, name, value in parser.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    wanted = [value for _, name, value in parser.attributes if name == "aria-labelledby"]
    assert set(wanted) <= set(ids)
    html.encode("utf-8")
    return " ".join("".join(parser.text).split())


def made(toy_classifier, rows_of, classes=("negative", "positive"), n=300, sure=0.0, **how):
    train, test = rows_of(400, classes, seed=1, **how), rows_of(n, classes, seed=2, **how)
    model = toy_classifier(sure=sure).fit(train.texts, train.labels)
    return model, test, evaluate(model, test, train_labels=train.labels, name="toy.model", n_draws=100)


def test_the_answer_comes_first_then_the_evidence(toy_classifier, rows_of):
    model, test, found = made(toy_classifier, rows_of, sure=0.7)
    text = checked(report(found, model, test, title="Review polarity"))
    order = [
        "Review polarity", "Right on", "How good, and how sure", "Where it errs", "ROC, for “positive”",
        "Precision and recall", "Are its probabilities true?", "What it goes by", "Confidently wrong",
        "Labels that look wrong", "What was read",
    ]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    accuracy = found.metrics["accuracy"]
    assert f"{accuracy.value:.3f} {accuracy.low:.3f}–{accuracy.high:.3f}" in text
    assert "no answer" in text and "2,000" not in text and "100 bootstrap draws" in text


def test_twenty_classes(toy_classifier, rows_of):
    classes = tuple(f"number-{i:02d}" for i in range(20))
    model, test, found = made(toy_classifier, rows_of, classes, n=500)
    html = report(found, model, test)
    text = checked(html)
    assert "Class by class" in text and "Commonest confusions" in text and "weakest, dashed" in text
    assert html.count('class="cell"') == 400


def test_more_classes_than_a_matrix_can_show(toy_classifier, rows_of):
    classes = tuple(f"n{i:03d}-x" for i in range(50))
    model, test, found = made(toy_classifier, rows_of, classes, n=500)
    html = report(found, model, test)
    assert "Commonest confusions" in checked(html) and 'class="cell"' not in html
    assert "The first 40 of 50 classes" in html


def test_several_labels(toy_classifier, rows_of):
    model, test, found = made(toy_classifier, rows_of, ("alpha", "beta", "gamma"), several=True)
    text = checked(report(found, model, test))
    assert "Where it errs" not in text and "Class by class" in text and "A micro-F1 of" in text


@pytest.mark.parametrize("n", [1, 2, 5])
def test_tiny_test_sets(toy_classifier, rows_of, n):
    model, test, found = made(toy_classifier, rows_of, n=n)
    text = checked(report(found, model, test))
    assert f"With only {n} test row" in text
    if n == 1:
        assert "All test rows have the same label" in text and "undefined" in text


def test_labels_never_learned_are_named(toy_classifier, rows_of):
    model, test, _ = made(toy_classifier, rows_of)
    test.texts.append("word1")
    test.labels.append("neutral")
    text = checked(report(evaluate(model, test, n_draws=50), model, test))
    assert "never learned, counted as wrong: “neutral”" in text


def test_nothing_wrong_and_nothing_to_show(toy_classifier, rows_of):
    class Bare:
        def __init__(self, model):
            self.classes_, self.predict, self.predict_proba = model.classes_, model.predict, model.predict_proba

    train = rows_of(400, seed=1, noise=0.0, length=30)
    model = Bare(toy_classifier().fit(train.texts, train.labels))
    found = evaluate(model, train, n_draws=50)
    assert found.metrics["accuracy"].value == 1.0 and found.metrics["accuracy"].low < 1
    text = checked(report(found, model, train))
    assert "Every answer on these rows was right" in text
    assert "no n-grams to show" in text and "nothing to correct" in text


HOSTILE = ("<script>alert(1)</script>", "__proto__", "evil\u202etxt\x00\ud800", "\"' onmouseover=x &amp;")


def test_hostile_strings_are_shown_escaped(toy_classifier, rows_of):
    model, test, found = made(toy_classifier, rows_of, HOSTILE)
    test.texts = [f"{text} </table><img src=x onerror=alert(1)> \u2066" for text in test.texts]
    html = report(found, model, test, title="<b>title</b>")
    text = checked(html)
    for part in (HOSTILE[0], HOSTILE[1], "evil\\u202etxt\\u0000\\ud800", HOSTILE[3], "<b>title</b>", "\\u2066"):
        assert part in text
    assert "\u202e" not in html and "\x00" not in html


def test_what_can_be_seen_is_left_alone():
    assert page.shown("naïve 你好 שלום 👩\u200d🔬\n") == "naïve 你好 שלום 👩\u200d🔬\n"
    assert page.shown('a\u202eb\u0007<&"') == "a\\u202eb\\u0007&lt;&amp;&quot;"
    assert page.shown("\U000e0001") == "\\U000e0001"


def test_cross_validated_issues_and_a_ledger_are_shown(toy_classifier, rows_of):
    class Ledger:
        source, read, used, rejected, merged = "rows.csv", 306, 300, {"D-036": 4}, 2
        warnings = ("the encoding was guessed",)

        def __str__(self):
            return "306 in = 300 used + 4 rejected + 2 merged"

    model, test, found = made(toy_classifier, rows_of)
    issues = label_errors(toy_classifier, test)
    text = checked(report(found, model, test, ledger=Ledger(), label_issues=issues))
    assert "5-fold cross-validated confidence" in text
    assert "rows.csv: 306 in = 300 used + 4 rejected + 2 merged." in text
    assert "Rejected for D-036: 4." in text and "the encoding was guessed" in text


def test_long_texts_are_cut_around_what_decided_them(toy_classifier, rows_of):
    train = rows_of(300, seed=1)
    model = toy_classifier().fit(train.texts, train.labels)
    text = "plain " * 300 + "sitive1 sitive2 " + "plain " * 300
    shown = evidence.explained(model, text)
    assert re.sub("<[^>]+>", "", shown).count("plain") < 60
    assert "<mark" in shown and "sitive1" in shown and "…" in shown
    assert evidence.explained(model, "unknown words") == "unknown words"
