from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import pytest

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation import metrics
from kinfold.evaluation.curves import common_confusions
from kinfold.evaluation.evaluate import evaluate


@dataclass
class ToyLedger:
    source: str = "rows.csv"
    read: int = 306
    used: int = 300
    rejected: dict = field(default_factory=lambda: {"D-036": 4})
    merged: int = 2
    warnings: list = field(default_factory=lambda: ["the encoding was guessed"])


def test_the_json_has_the_agreed_shape(binary):
    model, train, test = binary
    found = evaluate(model, test, train_labels=train.labels, ledger=ToyLedger(), name="toy", n_draws=200)
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert list(told) == ["model", "task", "rows", "metrics", "baselines", "seconds"]
    assert told["model"] == "toy" and told["task"] == "classify"
    assert told["rows"] == {"in": 306, "used": 300, "rejected": 4, "merged": 2}
    assert set(told["metrics"]) == {
        "accuracy", "precision", "recall", "f1", "macro_f1", "auc", "average_precision", "log_loss",
        "calibration_error",
    }  # fmt: skip
    for interval in told["metrics"].values():
        assert interval["low"] <= interval["value"] <= interval["high"]
    assert told["baselines"]["majority"]["auc"]["value"] == 0.5
    answers = model.predict(test.texts)
    assert told["metrics"]["accuracy"]["value"] == pytest.approx(metrics.accuracy(test.labels, answers))


def test_a_part_of_what_was_read_has_its_own_rows(binary):
    model, _, test = binary
    found = evaluate(model, test, ledger=ToyLedger(used=9_000, read=9_006), n_draws=50)
    assert found.rows == {"in": 300, "used": 300, "rejected": 0, "merged": 0}


def test_the_baseline_is_beaten_and_said(binary):
    model, train, test = binary
    found = evaluate(model, test, train_labels=train.labels, name="toy")
    common = max(set(train.labels), key=train.labels.count)
    text = str(found)
    assert text.startswith("Right on ") and f"beats always answering “{common}”" in text
    assert "Rows: 300 in = 300 used + 0 rejected + 0 merged" in text
    assert found.majority_source == "training labels" and found.differences[0].winner == ""
    assert evaluate(model, test, n_draws=50).majority_source == "test rows"
    assert "<table>" in found._repr_html_()


def test_a_tie_with_another_classifier_is_a_tie(binary):
    model, _, test = binary
    found = evaluate(model, test, baselines={"linear": model}, n_draws=200)
    assert "Against linear it is a tie." in str(found)
    assert found.baselines["linear"]["accuracy"] == found.metrics["accuracy"]


def test_the_same_seed_gives_the_same_result(binary):
    model, _, test = binary
    one, two, three = (evaluate(model, test, n_draws=100, seed=s).metrics for s in (0, 0, 1))
    assert one == two and one != three


def test_abstentions(toy_classifier, rows_of):
    train, test = rows_of(300, seed=1), rows_of(300, seed=2)
    found = evaluate(toy_classifier(sure=0.9).fit(train.texts, train.labels), test, n_draws=200)
    share, right, overall = (found.metrics[name].value for name in ("coverage", "accuracy_answered", "accuracy"))
    assert share < 1 and right > overall and overall == pytest.approx(share * right)
    assert found.confusion.shape == (2, 3)
    assert found.confusion[:, 2].sum() == round((1 - share) * 300) and found.confusion.sum() == 300
    assert "It answers" in str(found)


def test_a_classifier_that_answers_nothing(toy_classifier, rows_of):
    train, test = rows_of(100, seed=1), rows_of(50, seed=2)
    found = evaluate(toy_classifier(sure=2.0).fit(train.texts, train.labels), test, n_draws=100)
    assert found.metrics["accuracy"].value == 0.0 and found.metrics["accuracy"].high > 0
    missing = found.metrics["accuracy_answered"]
    assert missing.value is None and missing.reason == "no row was answered"
    assert json.dumps(found.to_dict(), allow_nan=False) and "undefined" not in str(missing.to_dict()["value"])


def test_rows_of_one_class(binary, plain_rows):
    model, train, test = binary
    kept = [i for i, label in enumerate(test.labels) if label == "negative"]
    one = plain_rows([test.texts[i] for i in kept], ["negative"] * len(kept))
    found = evaluate(model, one, train_labels=train.labels, n_draws=100)
    assert found.metrics["auc"].value is None
    assert found.to_dict()["metrics"]["auc"]["reason"] == "all test rows have the same label"
    assert found.metrics["accuracy"].value > 0.5 and found.roc == ()


def test_labels_never_learned(binary, plain_rows):
    model, train, test = binary
    rows = plain_rows([*test.texts, "word1 word2"], [*test.labels, "neutral"])
    found = evaluate(model, rows, train_labels=train.labels, n_draws=100)
    assert found.unseen_labels == ("neutral",) and found.kind == "multiclass"
    assert found.classes == ("negative", "positive", "neutral")
    row = found.per_class[2]
    assert (row.rows, row.answered, row.recall, row.precision, row.auc) == (1, 0, 0.0, None, 0.5)


def test_several_labels(toy_classifier, rows_of):
    train, test = (rows_of(300, ("alpha", "beta", "gamma"), seed=s, several=True) for s in (1, 2))
    found = evaluate(toy_classifier().fit(train.texts, train.labels), test, train_labels=train.labels)
    assert found.kind == "multilabel" and found.main_metric == "f1" and found.confusion is None
    assert found.metrics["f1"].value > 0.5 and "A micro-F1 of" in str(found)
    assert "Exact match" in str(found) and len(found.roc) == 3


def test_curves_are_thin_and_end_where_they_should(binary):
    model, _, test = binary
    found = evaluate(model, test, n_draws=50)
    (roc,), (recall,) = found.roc, found.precision_recall
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert roc.area == pytest.approx(found.metrics["auc"].value)
    assert recall.area == pytest.approx(found.metrics["average_precision"].value)
    assert len(roc.x) <= 125 and (np.diff(roc.x) >= 0).all() and (np.diff(recall.x) >= 0).all()
    bins = found.calibration
    assert sum(b.rows for b in bins) == 300 and all(b.low <= b.observed <= b.high for b in bins)
    error = sum(b.rows * abs(b.stated - b.observed) for b in bins) / 300
    assert error == pytest.approx(found.metrics["calibration_error"].value)


def test_commonest_confusions():
    matrix = np.array([[9, 3, 0, 2], [1, 5, 4, 0], [0, 0, 7, 0]])
    assert common_confusions(matrix) == [(1, 2, 4), (0, 1, 3), (1, 0, 1)]


def test_the_positive_class_can_be_chosen(binary):
    model, _, test = binary
    found = evaluate(model, test, positive="negative", n_draws=50)
    assert found.metrics["precision"].value == pytest.approx(
        metrics.precision(test.labels, model.predict(test.texts), positive="negative")
    )
    with pytest.raises(InvalidParameterError):
        evaluate(model, test, positive="maybe", n_draws=50)


def test_groups_widen_intervals(binary, plain_rows):
    model, _, test = binary
    rows = plain_rows(test.texts * 2, test.labels * 2, [str(i) for i in range(300)] * 2)
    wide, narrow = (evaluate(model, rows, by_group=g).metrics["accuracy"] for g in (True, False))
    assert wide.high - wide.low > 1.2 * (narrow.high - narrow.low)


@pytest.mark.parametrize(
    ("texts", "labels", "said"),
    [([], [], "no rows"), (["a"], None, "label for every row"), (["a"], [None], "label for every row")],
)
def test_nothing_to_evaluate_on(binary, plain_rows, texts, labels, said):
    with pytest.raises(DataError, match=said) as caught:
        evaluate(binary[0], plain_rows(texts, labels))
    assert caught.value.fix
