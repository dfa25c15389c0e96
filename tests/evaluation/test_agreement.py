"""Agreement: shares and kappa of answers that are known, the texts that part models, and the page that shows them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.agreement import Agreement, agreement, cohen_kappa
from kinfold.evaluation.agreement_page import agreement_chart, agreement_page


@dataclass
class Given:
    texts: list[str]
    labels: list | None
    groups: list[str] | None = None


class Says:
    """Answers what it is told to, with the probability it is told."""

    def __init__(self, answers, sure=0.9, classes=("no", "yes"), table=None):
        self.said, self.sure, self.classes_, self.table = answers, sure, list(classes), table

    def predict(self, texts):
        return self.said

    def predict_proba(self, texts):
        if self.table is not None:
            return np.array(self.table, float)
        out = np.full((len(texts), len(self.classes_)), (1 - self.sure) / max(1, len(self.classes_) - 1))
        for row, answer in enumerate(self.said):
            out[row, self.classes_.index(answer or self.classes_[0])] = self.sure
        return out


TEXTS = [f"text {i}" for i in range(6)]
LABELS = ["no", "no", "no", "yes", "yes", "yes"]
FIRST = Says(["no", "no", "yes", "yes", "yes", "no"])
SECOND = Says(["no", "yes", "yes", "yes", "yes", "yes"], sure=0.7)


def test_shares_kappa_and_errors_are_those_counted_by_hand():
    found = agreement({"a": FIRST, "b": SECOND}, Given(TEXTS, LABELS))
    (pair,) = found.pairs
    assert (pair.same, pair.wrong_either, pair.wrong_both, pair.overlap) == (4 / 6, 3, 1, 1 / 3)
    assert pair.kappa == pytest.approx(cohen_kappa_score(FIRST.said, SECOND.said))
    assert found.right == {"a": 4, "b": 4} and (found.right_any, found.right_all, found.n_differ) == (5, 3, 2)
    assert found.matrix().tolist() == [[1.0, 4 / 6], [4 / 6, 1.0]]
    assert [example.row for example in found.examples] == [1, 5]
    first = found.examples[0]
    assert (first.text, first.label, first.answers) == ("text 1", "no", {"a": "no", "b": "yes"})
    assert first.probabilities == pytest.approx({"a": 0.9, "b": 0.7}) and first.distance == pytest.approx(0.6)
    assert found.rows() == [("a, b", "66.7 %", "0.333", "1", "33 %")] and len(found.header()) == 5
    assert "2 of 6 rows" in str(found) and "66.7 %" in str(found) and "83.3 %" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["pairs"][0]["error_overlap"] == 1 / 3
    assert found._repr_html_().startswith("<table>")


def test_kappa_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    for n_classes in (2, 3, 7):
        one = rng.integers(0, n_classes, 200)
        other = np.where(rng.random(200) < 0.6, one, rng.integers(0, n_classes, 200))
        assert cohen_kappa(one, other) == pytest.approx(cohen_kappa_score(one, other))
    same = np.zeros(5, int)
    assert cohen_kappa(same, same) is None and cohen_kappa(same, same + 1) == 0.0


def test_the_greatest_difference_comes_first_among_three_models():
    sure = Says(["no", "no"], table=[[0.55, 0.45], [0.99, 0.01]])
    other = Says(["yes", "yes"], table=[[0.45, 0.55], [0.2, 0.8]])
    third = Says(["no", "no"], table=[[0.51, 0.49], [0.6, 0.4]])
    found = agreement({"a": sure, "b": other, "c": third}, Given(["x", "y"], ["no", "yes"]), n_examples=1)
    assert [example.row for example in found.examples] == [1] and found.examples[0].distance == pytest.approx(0.79)
    assert len(found.pairs) == 3 and found.matrix()[0, 2] == 1.0


def test_models_with_other_classes_and_no_answers_are_compared():
    one = Says(["no", "maybe", None], classes=("maybe", "no"))
    other = Says(["no", "yes", None])
    found = agreement({"one": one, "other": other}, Given(["a", "b", "c"], ["no", "yes", "never seen"]))
    assert found.pairs[0].same == 2 / 3 and found.right == {"one": 1, "other": 2}
    assert found.examples[0].answers == {"one": "maybe", "other": "yes"}


def test_rows_of_several_labels():
    rows = Given(["x"] * 3, [("a", "b"), (), ("b",)])
    one = Says([("b", "a"), (), ("a",)], classes=("a", "b"), table=[[0.9, 0.8], [0.1, 0.2], [0.6, 0.1]])
    other = Says([("a", "b"), (), ("a", "b")], classes=("a", "b"), table=[[0.7, 0.8], [0.1, 0.2], [0.6, 0.9]])
    found = agreement({"one": one, "other": other}, rows)
    assert found.pairs[0].same == 2 / 3 and found.right == {"one": 2, "other": 2}
    assert found.examples[0].distance == pytest.approx(0.8)
    assert found.examples[0].probabilities == pytest.approx({"one": 0.6, "other": 0.6})
    assert found.to_dict()["examples"][0]["answers"] == {"one": ["a"], "other": ["a", "b"]}
    assert agreement_page(found).count("<bdi>") >= 3


def test_models_that_always_agree_have_nothing_to_show():
    found = agreement({"a": FIRST, "b": FIRST}, Given(TEXTS, LABELS))
    assert found.examples == () and found.pairs[0].kappa == 1.0 and found.pairs[0].overlap == 1.0
    assert "All answers are the same" in agreement_page(found)
    perfect = agreement({"a": Says(LABELS), "b": Says(LABELS)}, Given(TEXTS, LABELS))
    assert perfect.pairs[0].overlap is None and perfect.rows()[0][-1] == "–"


def test_what_can_not_be_compared_is_refused():
    with pytest.raises(InvalidParameterError, match="two"):
        agreement({"a": FIRST}, Given(TEXTS, LABELS))
    with pytest.raises(DataError):
        agreement({"a": FIRST, "b": SECOND}, Given([], []))
    with pytest.raises(DataError):
        agreement({"a": FIRST, "b": SECOND}, Given(TEXTS, None))


def test_the_page_holds_all_it_needs_and_keeps_texts_as_texts():
    rows = Given(["<script>alert(1)</script> \u202e"] * 6, LABELS)
    found = agreement({"a": FIRST, "<b>": SECOND, "a name that is far too long": FIRST}, rows)
    told = agreement_page(found, "<i>")
    assert told.startswith("<!doctype html>") and "<script" not in told and "<i>" not in told and "\u202e" not in told
    assert "http" not in re.sub("http-equiv", "", told)
    assert "\\u202e" in told and "&lt;b&gt;" in told
    chart = agreement_chart(found)
    assert chart.count("<rect") == 9 and "100 %" in chart and "67 %" in chart and 'role="img"' in chart


def test_fitted_classifiers_are_compared(rows_of, toy_classifier):
    rows = rows_of(120)
    half = rows_of(60, seed=4)
    one, other = toy_classifier().fit(rows.texts, rows.labels), toy_classifier(sure=0.8).fit(half.texts, half.labels)
    found = agreement({"one": one, "other": other}, rows_of(80, seed=9))
    assert isinstance(found, Agreement) and 0.3 < found.pairs[0].same < 1 and found.examples
    assert max(found.right.values()) <= found.right_any <= 80
    distances = [example.distance for example in found.examples]
    assert distances == sorted(distances, reverse=True)
