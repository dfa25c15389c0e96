"""Pairs measured: baselines, draws by component, strata by sides that were learned from, and the page."""

from __future__ import annotations

import numpy as np
import pytest

from kinfold.data.records import Pairs
from kinfold.evaluation import scoring
from kinfold.evaluation.agreement import agreement
from kinfold.evaluation.comparison import compare
from kinfold.evaluation.evaluate import evaluate
from kinfold.evaluation.joined import pair_clusters
from kinfold.evaluation.report import report
from kinfold.evaluation.shared_words import SHARED_WORDS, SharedWords
from kinfold.evaluation.strata import sides_seen

CLASSES = ("no", "yes")


class Parrot:
    """Says yes of pairs whose left begins as it was told."""

    classes_ = CLASSES

    def __init__(self, *starts: str) -> None:
        self.starts = starts

    def predict_proba(self, pairs):
        match = np.array([0.9 if left.startswith(self.starts) else 0.1 for left, _ in pairs])
        return np.stack([1 - match, match], axis=1)

    def predict(self, pairs):
        return [CLASSES[int(p > 0.5)] for p in self.predict_proba(pairs)[:, 1]]


def rows() -> Pairs:
    """Thirty pairs: ten of known texts, ten with one, ten of new ones; of the new ones Parrot gets seven right."""
    lefts, rights, labels = [], [], []
    for i in range(30):
        kind = ("known", "half", "new")[i // 10]
        label = CLASSES[i % 2]
        wrong = kind == "new" and i >= 27
        lefts.append(f"{'good' if (label == 'yes') != wrong else 'bad'} {kind} {i}")
        rights.append(f"right {kind} {i}")
        labels.append(label)
    return Pairs(lefts, rights, labels)


KNOWN = {f"{start} known {i}" for start in ("good", "bad") for i in range(10)} | {
    f"right {kind} {i}" for kind in ("known", "half") for i in range(20)
}


def test_scores_are_given_by_how_many_sides_were_learned_from():
    found = evaluate(Parrot("good"), rows(), train_texts=KNOWN)
    assert found.task == "match" and [(one.name, one.rows) for one in found.strata] == [
        ("both new", 10),
        ("one new", 10),
        ("both seen", 10),
    ]
    assert [one.scores["accuracy"].value for one in found.strata] == [0.7, 1.0, 1.0]
    assert "Of the 10 pairs with two new texts it is right on 70.0 %." in str(found)
    assert found.to_dict()["strata"][0]["scores"]["accuracy"]["value"] == 0.7
    assert "both new" in found._repr_html_()
    assert evaluate(Parrot("good"), rows()).strata == ()
    fresh = evaluate(Parrot("good"), rows().take(range(20, 30)), train_texts=list(KNOWN))
    assert "No text of these pairs was learned from." in str(fresh)
    few = evaluate(Parrot("good"), rows().take(range(22)), train_texts=KNOWN)
    assert "only 2: too few" in str(few)


def test_sides_are_known_whatever_their_case_and_an_empty_one_never_is():
    assert sides_seen(["A  b", "", "x"], ["c", "a b", "y"], ["a B", ""]).tolist() == [1, 1, 0]

    class Everything:
        def __contains__(self, text: object) -> bool:
            return True

    assert sides_seen(["a", ""], ["b", "c"], Everything()).tolist() == [2, 1]


def test_pairs_that_share_texts_are_drawn_together():
    lefts, rights = [f"l{i // 2}" for i in range(20)], [f"r{i}" for i in range(20)]
    clusters = pair_clusters(lefts, rights)
    assert clusters is not None and len(set(clusters)) == 10
    pairs = Pairs(lefts, rights, [CLASSES[i % 2] for i in range(20)])
    assert (
        evaluate(Parrot("l1"), pairs).n_groups == 10 and evaluate(Parrot("l1"), pairs, by_group=False).n_groups is None
    )
    assert pair_clusters(["hub"] * 20, rights) is None and pair_clusters(rights, rights) is None
    grouped = Pairs(lefts, rights, pairs.labels, groups=["a", "b"] * 10)
    assert evaluate(Parrot("l1"), grouped).n_groups == 2


def test_shared_words_are_a_baseline():
    lefts = [f"a red car {i}" for i in range(40)]
    rights = [f"a red car {i}" if i % 2 else f"the old house {i + 99}" for i in range(40)]
    pairs = Pairs(lefts, rights, [CLASSES[i % 2] for i in range(40)])
    base = SharedWords.learned(pairs, CLASSES)
    assert base is not None and base.slope > 0 and base.predict([("x y", "x y"), ("x", "y")]) == ["yes", "no"]
    assert SharedWords.from_dict(base.to_dict()) == base and SharedWords.from_dict({"classes": 1}) is None
    assert SharedWords.learned(Pairs(lefts, rights, ["yes"] * 40), CLASSES) is None
    found = evaluate(Parrot("a"), pairs, baselines={SHARED_WORDS: base})
    assert found.baselines[SHARED_WORDS]["accuracy"].value == 1.0
    assert "It is worse than shared words" in str(found)
    assert base.fit([], []) is base


def test_matchers_are_compared_and_their_disagreements_shown():
    systems = {"a": Parrot("good"), "b": Parrot("bad")}
    assert compare(systems, rows()).differences[0].winner == "a"
    assert agreement(systems, rows()).examples[0].text.count(" ↔ ") == 1
    assert scoring.text_of("one text") == "one text"


def test_the_page_shows_both_sides_and_strata():
    found = evaluate(Parrot("good"), rows(), train_texts=KNOWN, name="parrot")
    page = report(found, Parrot("good"), rows())
    assert "How new the pairs are" in page and "bad new 27<br>right new 27" in page and "no n-grams" not in page
    assert "How new the pairs are" not in report(evaluate(Parrot("good"), rows()), Parrot("good"), rows())


def test_pairs_without_labels_can_not_be_measured():
    with pytest.raises(ValueError, match="needs a label"):
        evaluate(Parrot("good"), Pairs(["a"], ["b"]))
