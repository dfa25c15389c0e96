"""The linear classifier on data whose right answer is known, and against its own definition."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from kinfold.errors import DataError, InvalidParameterError
from kinfold.estimators.linear.classifier import LinearTextClassifier
from kinfold.estimators.linear.fitting import STRENGTHS
from kinfold.text.ngrams import NGramVectorizer
from kinfold.text.weighting import idf, log_count_ratio

FILLERS = [f"filler{i}" for i in range(12)]


def planted(n=(90, 50), noise=0.0, seed=0, words=("sun", "rain"), per_text=6):
    """Texts of fillers with one word that tells the class; a share `noise` of labels is wrong."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for c, size in enumerate(n):
        for _ in range(size):
            texts.append(" ".join(rng.permutation([words[c], *rng.choice(FILLERS, per_text)])))
            wrong = rng.random() < noise
            labels.append(words[(c + wrong) % len(words)])
    order = rng.permutation(len(texts))
    return [texts[i] for i in order], [labels[i] for i in order]


def test_one_word_decides():
    texts, labels = planted()
    model = LinearTextClassifier().fit(texts, labels)
    new_texts, new_labels = planted(seed=1)
    assert model.score(new_texts, new_labels) == 1.0
    assert model.top_ngrams("sun", 1)[0][0] == "sun" and model.top_ngrams("rain", 1)[0][0] == "rain"
    assert model.classes_[0] == "rain" and model.n_features_ == len(model.get_state().arrays["weights"])


def test_word_order_decides():
    """Only pairs of words tell the classes apart: bigrams learn it, single words can't."""
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for i in range(160):
        pair = ["hot", "cold"] if i % 8 < 3 else ["cold", "hot"]
        texts.append(" ".join([*rng.choice(FILLERS, 2), *pair, *rng.choice(FILLERS, 2)]))
        labels.append("up" if i % 8 < 3 else "down")
    new = [f"{FILLERS[3]} hot cold {FILLERS[1]}", f"{FILLERS[5]} cold hot {FILLERS[2]}"]
    pairs = LinearTextClassifier(words=(1, 2), characters=None).fit(texts, labels)
    assert pairs.predict(new) == ["up", "down"]
    single = LinearTextClassifier(words=(1, 1), characters=None).fit(texts, labels)
    assert np.abs(np.diff(single.predict_proba(new)[:, 1])) < 0.2


def test_parts_of_words_decide():
    """Words seen once each: only the characters at their ends tell the classes apart."""
    rng = np.random.default_rng(0)
    stems = ["".join(rng.choice(list("bcdfgklmnprst"), 5)) for _ in range(130)]
    texts = [stem + ("ella" if i % 5 < 3 else "otto") for i, stem in enumerate(stems)]
    labels = ["f" if i % 5 < 3 else "m" for i in range(130)]
    model = LinearTextClassifier().fit(texts, labels)
    assert model.predict(["zzzella", "zzzotto"]) == ["f", "m"]
    with pytest.raises(DataError, match="Nothing is left"):
        LinearTextClassifier(characters=None).fit(texts, labels)


def test_probabilities_come_true():
    """One label in five is wrong, so that no text is surer than that."""
    model = LinearTextClassifier().fit(*planted((400, 250), noise=0.2))
    texts, labels = planted((400, 250), noise=0.2, seed=1)
    p = model.predict_proba(texts)[:, 1]
    assert np.abs(np.maximum(p, 1 - p) - 0.8).mean() < 0.06
    for low, high in ((0.0, 0.5), (0.5, 1.0)):
        inside = (p >= low) & (p < high)
        share = np.mean([label == "sun" for label, x in zip(labels, inside, strict=True) if x])
        assert abs(p[inside].mean() - share) < 0.06


@pytest.mark.parametrize("seed", range(3))
def test_strength_is_chosen_with_sense(seed):
    """Where one word tells all, weak regularisation is chosen; where labels are drawn by lot, none helps."""
    sure = LinearTextClassifier(random_state=seed).fit(*planted((120, 80)))
    texts, labels = planted((120, 80))
    luck = LinearTextClassifier(random_state=seed).fit(texts, list(np.random.default_rng(seed).permutation(labels)))
    assert sure.C_ >= 3.0 and sure.search_[sure.C_] < 0.05
    entropy = -(0.6 * np.log(0.6) + 0.4 * np.log(0.4))
    assert luck.search_[luck.C_] == pytest.approx(entropy, rel=0.03)
    for model in (sure, luck):
        assert min(model.search_, key=model.search_.get) == model.C_ and set(model.search_) <= set(STRENGTHS)
    assert set(LinearTextClassifier(C=0.7).fit(texts, labels).search_) == {0.7}


def by_definition(texts, labels, weighting, strength):
    """The same model out of a dense matrix and scikit-learn's solver."""
    vectorizer = NGramVectorizer(binary=True)
    x = vectorizer.fit_transform(texts).toarray()
    y = np.array([label == max(labels) for label in labels])
    if weighting == "nb":
        weights = log_count_ratio(x[y].sum(axis=0), x[~y].sum(axis=0))
    else:
        weights = idf(vectorizer.document_frequency_, len(texts)) if weighting == "idf" else np.ones(x.shape[1])
    x = x * weights
    length = np.linalg.norm(x, axis=1, keepdims=True)
    x = x / np.where(length > 0, length, 1)
    solver = LogisticRegression(C=strength, solver="liblinear", tol=1e-9, max_iter=5000).fit(x, y)
    return vectorizer, weights, solver


@pytest.mark.parametrize("weighting", ["nb", "idf", "none"])
def test_as_defined(weighting):
    texts, labels = planted((60, 40), noise=0.1)
    options = {"weighting": weighting, "characters": None, "C": 3.0, "calibrate": False, "loss": "logistic"}
    model = LinearTextClassifier(**options, smoothing=1.0).fit(texts, labels)
    vectorizer, weights, solver = by_definition(texts, labels, weighting, 3.0)
    assert np.allclose(model.get_state().arrays["weights"], weights, atol=1e-6)
    new, _ = planted((20, 10), seed=2)
    x = vectorizer.transform(new).toarray() > 0
    scaled = x * weights / np.linalg.norm(x * weights, axis=1, keepdims=True)
    # The classifier's own solve stops a little before the optimum.
    assert np.abs(model.decision_function(new) - solver.decision_function(scaled)).max() < 0.05


def test_hashed_is_near_exact():
    texts, labels = planted((200, 120), noise=0.1)
    new, truth = planted((200, 120), noise=0.1, seed=1)
    exact = LinearTextClassifier(characters=None, min_df=1).fit(texts, labels)
    hashed = LinearTextClassifier(characters=None, min_df=1, n_bits=18).fit(texts, labels)
    assert np.abs(exact.predict_proba(new) - hashed.predict_proba(new)).max() < 0.1
    assert np.mean([a == b for a, b in zip(exact.predict(new), hashed.predict(new), strict=True)]) > 0.98
    assert hashed.n_features_ == 1 << 18 and hashed.top_ngrams("sun", 1)[0][0].startswith("#")
    tiny = LinearTextClassifier(characters=None, n_bits=6).fit(texts, labels)
    y = [label == "sun" for label in truth]
    assert roc_auc_score(y, tiny.predict_proba(new)[:, 1]) < roc_auc_score(y, hashed.predict_proba(new)[:, 1])


def test_hashed_ngrams_can_not_be_limited():
    with pytest.raises(InvalidParameterError, match="max_features"):
        LinearTextClassifier(n_bits=12, max_features=100).fit(*planted())


def test_short_texts_get_characters():
    short, labels = planted((30, 20))
    long, _ = planted((30, 20), per_text=60)
    assert sum(map(len, long)) > 400 * len(long) > 400 * 0.5 * len(short) > sum(map(len, short)) * 0.5

    def blocks(texts, **parameters):
        return LinearTextClassifier(**parameters).fit(texts, labels).get_state().values["blocks"]

    assert blocks(short) == {"words": [1, 3], "characters": [3, 6]}
    assert blocks(long) == {"words": [1, 3]}
    assert blocks(short, characters=None) == {"words": [1, 3]}
    assert blocks(long, words=None, characters=(2, 4)) == {"characters": [2, 4]}


def test_weighting_follows_the_number_of_classes():
    two = LinearTextClassifier().fit(*planted((30, 20)))
    three = LinearTextClassifier().fit(*planted((30, 20, 15), words=("sun", "rain", "snow")))
    assert two.get_state().values["weighting"] == "nb" and three.get_state().values["weighting"] == "idf"
    with pytest.raises(InvalidParameterError, match="two labels"):
        LinearTextClassifier(weighting="nb").fit(*planted((30, 20, 15), words=("sun", "rain", "snow")))


def test_rare_class_is_found_when_macro_f1_counts():
    texts, labels = planted((300, 25), noise=0.15)
    new, truth = planted((300, 25), noise=0.0, seed=3)
    usual, macro = (LinearTextClassifier(metric=metric).fit(texts, labels) for metric in ("accuracy", "macro_f1"))

    def recall(model):
        return np.mean([p == "rain" for p, t in zip(model.predict(new), truth, strict=True) if t == "rain"])

    assert recall(macro) >= recall(usual)
    assert (macro.predict_proba(new) == usual.predict_proba(new)).all()


def test_learning_in_parts_is_near_learning_at_once():
    texts, labels = planted((300, 200), noise=0.1)
    new, truth = planted((300, 200), noise=0.1, seed=1)
    at_once = LinearTextClassifier().fit(texts, labels)
    in_parts = LinearTextClassifier().fit(texts[:200], labels[:200])
    for first in (200, 300, 400):
        in_parts.partial_fit(texts[first : first + 100], labels[first : first + 100])
    assert in_parts.score(new, truth) > at_once.score(new, truth) - 0.03
    assert in_parts.get_state().values["n_texts"] == 500
    assert (in_parts.get_state().arrays["memory_stands_for"].sum()) == pytest.approx(500)


def test_without_rows_kept_learning_more_still_works():
    texts, labels = planted((60, 40))
    model = LinearTextClassifier(replay=0).fit(texts, labels)
    assert len(model.get_state().arrays["memory_stands_for"]) == 0
    model.partial_fit(*planted((20, 10), seed=2))
    assert model.score(*planted(seed=4)) > 0.95


def test_html_and_case_are_read_as_asked():
    texts, labels = planted((40, 30))
    model = LinearTextClassifier().fit([f"<i>{text.upper()}</i>" for text in texts], labels)
    assert model.predict(["sun", "<B>SUN</B>", "s&#117;n"]) == ["sun"] * 3
    names = model.get_state().vocabularies["words"].decode().split("\n")
    assert "sun" in names and "i" not in names and "<" not in names
    kept = LinearTextClassifier(strip_html=False, lowercase=False).fit([f"<i>{t.upper()}</i>" for t in texts], labels)
    assert {"SUN", "<", "i"} <= set(kept.get_state().vocabularies["words"].decode().split("\n"))
