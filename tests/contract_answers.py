"""Contract: what `predict` and `predict_proba` say, alone or in company, for any text and any label."""

from __future__ import annotations

import time

import numpy as np

from contract_kit import check_answers, many_labels, refused, rows, same_array, sure, three, words_of
from kinfold.errors import DataError, InvalidParameterError

MEGABYTE = 1 << 20
AWKWARD = {
    "empty": "",
    "white space": " \t\n\r\v\f\u00a0\u2003\u200b\ufeff",
    "family of joined emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 ok",
    "lone joiner": "\u200d \u200d\u200d a\u200d",
    "flag cut in half": "\U0001f1e9\U0001f1ea\U0001f1eb",
    "marks": "e\u0301\u0302\u0303" + "\u0301" * 500 + " \u0301",
    "NUL": "good\0bad\0",
    "lone surrogates": "good \ud800 bad \udfff\ud83d",
    "private and unassigned": "\ue000 \U000e0001 \U0010ffff \ufffe \u0378",
    "unseen words": "qqqq zzzz jjjj",
    "right to left": "\u202eשלום עליכם\u202c مرحبا بالعالم",
    "Thai": "สวัสดีชาวโลก",
    "Chinese": "你好，世界。今天天气很好",
    "Hindi": "नमस्ते दुनिया",
    "control characters": "".join(map(chr, range(32))) + "\x7f\x85",
    "line separators": "good\u2028bad\u2029\x1c\x1d\x1e",
    "half a tag": "<b <i < a > & &amp &#x &#;",
    "entities": "&lt;script&gt; &#0; &#xD800; &#1114112; &nbsp; &#" + "9" * 6000 + ";",
    "bidi and zero width": "go\u200bod b\u2060a\u00add",
    "one character": "g",
    "number": "0",
    "formula": "=cmd|' /C calc'!A0",
}
LONG = {
    "one word": lambda n: "a" * n,
    "no blank": lambda n: ("abcdefghij" * (n // 10 + 1))[:n],
    "marks": lambda n: "\u0301" * n,
    "joiners": lambda n: "\U0001f468\u200d" * (n // 2),
    "tags opened": lambda n: "<a" * (n // 2),
    "tag never closed": lambda n: "<a " + "b " * (n // 2),
    "angles": lambda n: "<" * n,
    "comments": lambda n: "<!--" * (n // 4),
    "entities": lambda n: "&" * n,
    "entity prefixes": lambda n: "&ampamp" * (n // 7),
    "digits": lambda n: "&#" + "9" * n,
    "apostrophes": lambda n: "a'" * (n // 2),
    "blanks": lambda n: " " * n,
    "words": lambda n: "good bad day " * (n // 13),
}
LABELS = ["007", "7", "7.0", "True", "None", "nan", "", " ", "__proto__", "../x", "=cmd", "a\nb", "\0", "é", "e\u0301"]


def check_probabilities_sum_to_one_in_the_order_of_classes(make):
    for texts, labels in (rows(), three()):
        fitted = make().fit(texts, labels)
        p = check_answers(fitted, texts)
        assert np.allclose(p.sum(axis=1), 1.0, atol=1e-12)
        assert list(fitted.classes_) == sorted(set(labels))
        own = np.array([list(fitted.classes_).index(label) for label in labels])
        assert (p.argmax(axis=1) == own).mean() > 0.9


def check_predict_follows_predict_proba(make):
    texts, labels = three()
    fitted = make().fit(texts, labels)
    p = fitted.predict_proba(texts)
    assert fitted.predict(texts) == [fitted.classes_[c] for c in p.argmax(axis=1)]
    assert fitted.answers(p) == fitted.predict(texts)


def check_decision_function_orders_as_probabilities(make):
    fitted = make().fit(*rows())
    texts, _ = rows(seed=4)
    scores, p = fitted.decision_function(texts), fitted.predict_proba(texts)
    assert scores.shape == (len(texts),)
    assert np.allclose(1 / (1 + np.exp(-scores)), p[:, 1], atol=1e-12)
    fitted = make().fit(*three())
    scores, p = fitted.decision_function(texts), fitted.predict_proba(texts)
    assert scores.shape == p.shape == (len(texts), 3)
    assert np.allclose(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), p, atol=1e-12)


def check_order_of_rows_does_not_matter(make):
    for texts, labels in (three(), many_labels()):
        fitted = make().fit(texts, labels)
        order = np.random.default_rng(0).permutation(len(texts))
        p = fitted.predict_proba(texts)
        assert same_array(fitted.predict_proba([texts[i] for i in order]), p[order])


def check_company_does_not_matter(make):
    """A text gets the same answer alone as among others, however long they are."""
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    mates = [*texts, "", "x" * 50_000, *AWKWARD.values(), *texts * 40]
    together = fitted.predict_proba(mates)
    answers = fitted.predict(mates)
    for i in (0, 1, len(texts), len(texts) + 1, len(mates) - 1):
        assert np.abs(fitted.predict_proba([mates[i]])[0] - together[i]).max() <= 1e-5
        assert fitted.predict([mates[i]]) == [answers[i]]


def check_no_texts_get_no_answers(make):
    for labels in (rows(), three(), many_labels()):
        fitted = make().fit(*labels)
        assert fitted.predict([]) == []
        assert fitted.predict_proba([]).shape == (0, len(fitted.classes_))
        assert len(fitted.decision_function([])) == 0


def check_awkward_texts_are_answered(make):
    for labels in (rows(), many_labels()):
        fitted = make().fit(*labels)
        p = check_answers(fitted, list(AWKWARD.values()))
        for i, text in enumerate(AWKWARD.values()):
            assert np.allclose(check_answers(fitted, [text])[0], p[i], atol=1e-5)


def check_awkward_texts_can_be_learned_from(make):
    texts, labels = rows()
    awkward = list(AWKWARD.values())
    answers = ["bad", "good"] * (len(awkward) // 2)
    fitted = make(min_df=1) if "min_df" in make().get_params() else make()
    fitted.fit([*texts, *awkward, *awkward], [*labels, *answers, *answers])
    check_answers(fitted, awkward)
    assert fitted.predict([sure(0), sure(1)]) == ["bad", "good"]


def check_texts_that_say_nothing_are_all_the_same(make):
    fitted = make().fit(*rows())
    p = fitted.predict_proba(["", "   ", "\t\n", "<br />", "\u3000"])
    assert np.abs(p - p[0]).max() < 1e-12
    assert p.max() < 0.9, "nothing was said, and it is sure"


def check_long_texts_take_linear_time(make):
    fitted = make().fit(*rows())
    fitted.predict_proba(["warm up"])

    def seconds(text):
        begun = time.process_time()
        assert np.isfinite(fitted.predict_proba([text])).all()
        return time.process_time() - begun

    for name, make_text in LONG.items():
        short, long = seconds(make_text(MEGABYTE // 8)), seconds(make_text(MEGABYTE))
        # Eight times the text; a quadratic step would take 64 times as long.
        assert long < max(2.0, 24 * short), f"{name}: {short:.3f} s, {long:.3f} s"


def check_labels_of_any_kind_come_back_as_they_are(make):
    texts, labels = rows(LABELS, (8, 6))
    fitted = make().fit(texts, labels)
    assert list(fitted.classes_) == sorted(LABELS)
    assert fitted.predict([sure(k) for k in range(len(LABELS))]) == LABELS
    assert fitted.score(texts, labels) > 0.9


def check_order_of_labels_in_the_data_does_not_matter(make):
    texts, labels = three()
    fitted = make().fit(texts, labels)
    turned = make().fit(texts[::-1], labels[::-1])
    assert list(fitted.classes_) == list(turned.classes_) == ["bad", "good", "odd"]


def check_twenty_classes(make):
    labels = [f"class {k:02}" for k in range(20)]
    texts, answers = rows(labels[:18], (9, 7))
    texts, answers = texts + [f"unique{k} token{k} here" for k in range(18, 20)] * 6, answers + labels[18:] * 6
    fitted = make().fit(texts, answers)
    p = check_answers(fitted, texts)
    assert p.shape[1] == 20 and np.allclose(p.sum(axis=1), 1)
    assert fitted.predict([sure(k) for k in range(18)]) == labels[:18]


def check_class_with_one_row(make):
    texts, labels = rows()
    for rare in ("good", "rare"):
        fitted = make().fit([*texts, " ".join(words_of(9) * 3)], [*("bad" for _ in texts), rare])
        assert rare in fitted.classes_
        check_answers(fitted, texts)
    fitted = make().fit([*texts, " ".join(words_of(9) * 3)], [*labels, "rare"])
    assert list(fitted.classes_) == ["bad", "good", "rare"]
    assert fitted.predict([sure(0), sure(1)]) == ["bad", "good"]


def check_fewer_rows_than_folds(make):
    texts, labels = rows()
    for n in (2, 3, 5, 9, 10, 11):
        few = [texts[labels.index("bad")], texts[labels.index("good")], *texts]
        fitted = make().fit([*few[:n], "day was"], [*["bad", "good", *labels][:n], "bad"])
        check_answers(fitted, texts)


def check_duplicates_change_little(make):
    """Every row three times over: the same answers, and no surer of them than the rows warrant."""
    texts, labels = rows()
    one, three_times = make().fit(texts, labels), make().fit(texts * 3, labels * 3)
    new, _ = rows(seed=8)
    assert one.predict(new) == three_times.predict(new)
    same = ["same words here"] * 60
    p = make().fit(same, ["bad", "bad", "good"] * 20).predict_proba(["same words here"])
    assert np.allclose(p, [[2 / 3, 1 / 3]], atol=0.06)


def check_noise_is_not_believed(make):
    """Where labels are drawn by lot, probabilities stay near the share of each label."""
    texts, labels = rows(n=(60, 60))
    shuffled = list(np.random.default_rng(2).permutation(labels))
    p = make().fit(texts, [str(label) for label in shuffled]).predict_proba(rows(seed=3)[0])
    assert 0.35 < p[:, 1].mean() < 0.65
    assert p.max() < 0.9


def check_abstaining(make):
    texts, labels = rows()
    fitted = make(abstain_cost=0.3).fit(texts, labels)
    new = [sure(0), sure(1), "the of and", ""]
    for p, answer in zip(fitted.predict_proba(new), fitted.predict(new), strict=True):
        assert answer == (None if 1 - p.max() > 0.3 else fitted.classes_[p.argmax()])
    assert make(abstain_cost=0.0).fit(texts, labels).predict(new) == [None] * 4
    assert None not in make(abstain_cost=1.0).fit(texts, labels).predict(new)
    assert 0 < fitted.score([*new, *texts], ["bad", "good", "bad", "bad", *labels]) < 1


def check_costs(make):
    texts, labels = three()
    costs = {"bad": {"good": 5.0, "odd": 0.5}, "odd": {"bad": 2.0}}
    matrix = np.array([[0, 5, 0.5], [1, 0, 1], [2, 1, 0]])
    fitted = make(costs=costs).fit(texts, labels)
    new = [*texts, "the of", sure(0) + " " + sure(1)]
    expected = fitted.predict_proba(new) @ matrix
    assert fitted.predict(new) == [fitted.classes_[c] for c in expected.argmin(axis=1)]
    refused(InvalidParameterError, lambda: make(costs={"nobody": {"bad": 1.0}}).fit(texts, labels))


def check_class_weights(make):
    texts, labels = rows(n=(40, 8))
    states = []
    for weight in (None, 0.5, 1.0, {"good": 3.0}):
        fitted = make(class_weight=weight).fit(texts, labels)
        assert fitted.predict([sure(0), sure(1)]) == ["bad", "good"]
        states.append(fitted.predict_proba(texts))
    assert all(not np.array_equal(states[0], other) for other in states[1:])
    assert np.array_equal(make(class_weight="balanced").fit(texts, labels).predict_proba(texts), states[2])
    refused(InvalidParameterError, lambda: make(class_weight={"nobody": 2.0}).fit(texts, labels))


def check_choosing_a_threshold_later(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    p = fitted.predict_proba(texts)
    assert fitted.choose_threshold(texts, labels, costs={"bad": {"good": 1e6}}) is fitted
    assert np.array_equal(fitted.predict_proba(texts), p)
    assert fitted.predict(["the of and", ""]) == ["bad", "bad"]
    refused(DataError, lambda: fitted.choose_threshold(texts, ["nobody"] * len(texts)))
    refused(DataError, lambda: fitted.choose_threshold([], []))
    refused(DataError, lambda: fitted.choose_threshold(texts, [("bad",)] * len(texts)))


def check_several_labels_a_row(make):
    texts, labels = many_labels()
    fitted = make().fit(texts, labels)
    assert fitted.multilabel_ and list(fitted.classes_) == ["bad", "good", "odd"]
    p = check_answers(fitted, texts)
    assert np.abs(p.sum(axis=1) - 1).max() > 0.3
    answers = fitted.predict([sure(0) + " " + sure(2), sure(1), "the of"])
    assert answers == [("bad", "odd"), ("good",), ()]
    assert fitted.score(texts, labels) > 0.8
    lists = make().fit(texts, [list(reversed(of_row)) for of_row in labels])
    assert same_array(lists.predict_proba(texts), p)
    assert not make().fit(*three()).multilabel_
    refused(InvalidParameterError, lambda: make(costs={"bad": {"good": 2.0}}).fit(texts, labels))


def check_one_label_or_none(make):
    texts, labels = rows()
    fitted = make().fit(texts, [("good",) if label == "good" else () for label in labels])
    assert list(fitted.classes_) == ["good"]
    assert fitted.predict([sure(0), sure(1)]) == [(), ("good",)]
    refused(DataError, lambda: make().fit(texts, [()] * len(texts)))


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_") and name != "check_answers"]
