from __future__ import annotations

import numpy as np
import pytest

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.label_errors import issues_from_probabilities, label_errors


def flipped(rows, share, classes, seed):
    random = np.random.default_rng(seed)
    planted = random.random(len(rows.labels)) < share
    labels = [
        classes[(classes.index(label) + 1 + random.integers(len(classes) - 1)) % len(classes)] if turn else label
        for label, turn in zip(rows.labels, planted, strict=True)
    ]
    return labels, planted


@pytest.mark.parametrize("classes", [("negative", "positive"), ("alpha", "beta", "gamma", "delta")])
def test_planted_errors_come_first(toy_classifier, rows_of, plain_rows, classes):
    rows = rows_of(800, classes, seed=4, noise=0.2, length=14)
    labels, planted = flipped(rows, 0.1, classes, 5)
    found = label_errors(toy_classifier, plain_rows(rows.texts, labels), seed=0)
    first = [issue.row for issue in found.issues[:40]]
    assert planted[first].mean() > 0.8  # chance is 0.1
    assert len(found) == found.n_suspected and found.n_rows == 800
    right = [issue.suggestion == rows.labels[issue.row] for issue in found.issues[:40]]
    assert np.mean(right) > 0.8
    assert found[0].text == rows.texts[found[0].row] and found[0].margin >= found[1].margin
    assert "5-fold" in str(found)


def test_planted_errors_among_several_labels(toy_classifier, rows_of, plain_rows):
    rows = rows_of(600, ("alpha", "beta", "gamma"), seed=6, noise=0.1, several=True, length=14)
    random = np.random.default_rng(0)
    planted = random.random(600) < 0.1
    labels = [
        tuple(sorted(set(label) ^ {"alpha"})) if turn else label
        for label, turn in zip(rows.labels, planted, strict=True)
    ]
    found = label_errors(toy_classifier, plain_rows(rows.texts, labels), limit=30)
    assert len(found) == 30 and found.n_suspected > 30
    assert planted[[issue.row for issue in found]].mean() > 0.7


def test_nothing_is_suspected_of_agreement():
    found = issues_from_probabilities(["a", "b"] * 5, np.array([[0.9, 0.1], [0.1, 0.9]] * 5), ["a", "b"])
    assert not len(found) and found.n_suspected == 0


def test_a_class_must_pass_its_own_threshold():
    p = np.array([[0.95, 0.05], [0.9, 0.1], [0.45, 0.55], [0.1, 0.9], [0.05, 0.95]])
    assert not len(issues_from_probabilities(["a", "a", "a", "b", "b"], p, ["a", "b"]))  # 0.55 is under b's 0.925
    found = issues_from_probabilities(["a", "b", "a", "b", "b"], p, ["a", "b"])
    assert [issue.row for issue in found] == [1] and found[0].to_dict()["suggestion"] == "a"


def test_rows_of_a_group_stay_together(toy_classifier, rows_of, plain_rows):
    rows = rows_of(60, seed=1)
    groups = [str(i % 20) for i in range(60)]
    seen = []

    class Watching(toy_classifier):
        def fit(self, texts, labels):
            seen.append(set(texts))
            return super().fit(texts, labels)

    label_errors(Watching, plain_rows(rows.texts, rows.labels, groups))
    for texts in seen:
        whole = [{t for t, g in zip(rows.texts, groups, strict=True) if g == group} for group in set(groups)]
        assert all(one <= texts or not one & texts for one in whole)


def test_what_can_not_be_searched(toy_classifier, plain_rows):
    with pytest.raises(DataError, match="one label"):
        label_errors(toy_classifier, plain_rows(["x"] * 10, ["a"] * 10))
    with pytest.raises(DataError):
        label_errors(toy_classifier, plain_rows(["x", "y"], ["a", "b"]))
    with pytest.raises(InvalidParameterError):
        label_errors(toy_classifier, plain_rows(["x", "y"] * 9, ["a", "b"] * 9), n_folds=1)
