"""Blends: what weighs how much among members whose worth is known, and when a blend may be called better."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit

from kinfold.artifacts.store import load, save
from kinfold.errors import ArtifactError, DataError, InvalidParameterError, NotFittedError
from kinfold.estimators.blended.classifier import BlendedClassifier
from kinfold.estimators.blended.weights import find_weights, judge, row_scores
from kinfold.estimators.linear.classifier import LinearTextClassifier

LINEAR = "LinearTextClassifier"
WORDS = {"bad": ("dreadful", "gloomy"), "good": ("splendid", "merry"), "odd": ("purple", "sideways")}


def sure(label):
    """Return a text that only one label has."""
    return " ".join(WORDS[label])


def rows(labels=("bad", "good"), n=48, seed=0):
    """Return texts with one word of their label among three that say nothing, and labels."""
    rng = np.random.default_rng(seed)
    answers = [labels[i % 5 % len(labels)] for i in range(n)]
    fillers = ("the", "of", "day", "was", "it", "then")
    texts = [" ".join([str(rng.choice(WORDS[label])), *rng.choice(fillers, 3)]) for label in answers]
    return texts, answers


def three():
    return rows(("bad", "good", "odd"), 60)


def many_labels():
    """Return texts of none, one or several labels."""
    rng = np.random.default_rng(0)
    answers = [tuple(label for label in WORDS if rng.random() < 0.4) for _ in range(80)]
    return [" ".join(["the day", *(WORDS[label][i % 2] for label in of)]) for i, of in enumerate(answers)], answers


def same_state(one, other):
    """Return whether two states are equal to the last bit."""
    alike = one.arrays.keys() == other.arrays.keys() and one.vocabularies == other.vocabularies
    alike = alike and json.dumps(one.values) == json.dumps(other.values)
    return alike and all(np.array_equal(array, other.arrays[name]) for name, array in one.arrays.items())


class Reader:
    """Knows how often each label stands beside the word at one place of a text; forgets what it learned before."""

    def __init__(self, place, memorises=False):
        self.place, self.memorises = place, memorises

    def fit(self, texts, labels):
        self.classes_ = sorted(set(labels))
        self.seen = dict(zip(texts, labels, strict=True))
        self.counts = {}
        for text, label in zip(texts, labels, strict=True):
            counts = self.counts.setdefault(text.split()[self.place], dict.fromkeys(self.classes_, 1.0))
            counts[label] += 1.0
        return self

    def predict_proba(self, texts):
        out = np.full((len(texts), len(self.classes_)), 1.0 / len(self.classes_))
        for row, text in enumerate(texts):
            if self.memorises:
                # A row it has not seen it takes for one that ends alike.
                guess = self.seen.get(text, self.classes_[ord(text[-1]) % 2])
                out[row] = [1.0 if guess == label else 1e-2 for label in self.classes_]
            else:
                out[row] = list(self.counts.get(text.split()[self.place], dict.fromkeys(self.classes_, 1.0)).values())
        return out / out.sum(axis=1, keepdims=True)


def signals(n=600, strengths=(1.2, 1.2, 0.0), seed=0):
    """Return texts of a word a place, each of which speaks for a label as strongly as asked, and labels."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    words = []
    for place, strength in enumerate(strengths):
        right = rng.random(n) < expit(strength)
        words.append([f"{'ab'[i]}{place}" for i in np.where(right, truth, 1 - truth)])
    return [f"{' '.join(of)} id{i}" for i, of in enumerate(zip(*words, strict=True))], [
        "no" if t else "yes" for t in truth
    ]


def test_weights_are_what_the_members_are_worth():
    texts, labels = signals()
    fitted = BlendedClassifier(models={"one": Reader(0), "two": Reader(1), "noise": Reader(2)}).fit(texts, labels)
    assert list(fitted.weights_) == ["one", "two", "noise"] and min(fitted.weights_.values()) >= 0
    # Two independent witnesses: their log-odds add up.
    assert fitted.weights_["one"] == pytest.approx(1.0, abs=0.25)
    assert fitted.weights_["two"] == pytest.approx(1.0, abs=0.25)
    p = fitted.predict_proba(texts)
    z = [np.log(m.predict_proba(texts)[:, 1]) - np.log(m.predict_proba(texts)[:, 0]) for m in fitted.members_.values()]
    by_hand = fitted.offsets_[0] + sum(w * of for w, of in zip(fitted.weights_.values(), z, strict=True))
    assert np.allclose(fitted.decision_function(texts), by_hand) and np.allclose(p[:, 1], expit(by_hand))
    new_texts, new_labels = signals(seed=1)
    alone = np.mean(
        [["no", "yes"][int(row[1] > 0.5)] for row in fitted.members_["one"].predict_proba(new_texts)]
        == np.array(new_labels)
    )
    assert fitted.score(new_texts, new_labels) >= alone


def test_weights_of_known_log_odds_are_found():
    rng = np.random.default_rng(3)
    z = rng.normal(0, 2, (3, 8000, 1))
    truth = (rng.random(8000) < expit(0.7 * z[0, :, 0] + 0.3 * z[1, :, 0] - 0.4 * z[2, :, 0] + 0.5)).astype(np.uint8)
    members = np.stack([1 - truth, truth], axis=1)
    weights, offsets = find_weights(z, members, "binary")
    assert np.allclose(weights, [0.65, 0.28, 0.0], atol=0.08) and weights[2] == 0.0 and 0.3 < offsets[0] < 0.6
    three_ways = np.stack([np.zeros_like(z[..., 0]), z[..., 0]], axis=2)  # (3, 8000, 2)
    soft, _ = find_weights(three_ways, members, "single")
    assert np.allclose(soft, weights, atol=0.02)
    several, _ = find_weights(z, truth[:, None], "multilabel")
    assert np.array_equal(several, weights)


def test_little_evidence_leaves_weights_equal():
    texts, labels = signals(n=20)
    fitted = BlendedClassifier(models=[Reader(0), Reader(0)]).fit(texts, labels)
    first, second = fitted.weights_.values()
    assert first == pytest.approx(second) and list(fitted.weights_) == ["Reader 1", "Reader 2"]
    few = BlendedClassifier(models=[Reader(0), Reader(1)]).fit(texts[:6], ["no", "yes"] * 3)
    assert list(few.weights_.values()) == [0.5, 0.5] and not few.fold_scores_ and not few.verdict_.better
    assert "too few rows" in str(few.verdict_)


def test_a_member_that_knows_its_rows_by_heart_gains_nothing_by_it():
    texts, labels = signals()
    fitted = BlendedClassifier(models={"heart": Reader(0, memorises=True), "one": Reader(0)}).fit(texts, labels)
    assert fitted.members_["heart"].predict_proba(texts).max() > 0.98
    assert fitted.weights_["heart"] < 0.05 and fitted.weights_["one"] > 0.7
    assert fitted.fold_scores_["heart"]["accuracy"] < 0.6 < fitted.fold_scores_["one"]["accuracy"]


def test_a_blend_is_called_better_only_where_it_is_shown_to_be():
    texts, labels = signals()
    two = BlendedClassifier(models={"one": Reader(0), "two": Reader(1)}).fit(texts, labels)
    assert "log_loss" in two.verdict_.better and "is better than" in str(two.verdict_)
    assert two.fold_scores_["blend"]["log_loss"] < two.fold_scores_["one"]["log_loss"]
    for models in ({"one": Reader(0), "same": Reader(0)}, {"one": Reader(0), "noise": Reader(2)}, {"one": Reader(0)}):
        fitted = BlendedClassifier(models=models).fit(texts, labels)
        assert "accuracy" not in fitted.verdict_.better
        told = {gain.metric: gain for gain in fitted.verdict_.gains}
        assert told["accuracy"].best == "one" and told["accuracy"].low <= told["accuracy"].gain <= told["accuracy"].high
    assert fitted.verdict_.n_rows == 600


def test_the_verdict_of_rows_that_are_known():
    members = np.eye(2, dtype=np.uint8)[np.arange(300) % 2]
    right, p = members.astype(float) * 0.6 + 0.2, np.full((300, 2), 0.5)
    wrong = right.copy()
    wrong[:60] = wrong[:60, ::-1]
    told = {"good": row_scores(wrong, members, False), "idle": row_scores(p, members, False)}
    verdict = judge(row_scores(right, members, False), told, 0)
    assert verdict.better == ("accuracy", "log_loss") and verdict.gains[0].best == "good"
    assert verdict.gains[0].gain == pytest.approx(0.2) and verdict.gains[0].low > 0.1
    assert type(verdict).from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict
    few = judge(*({"accuracy": np.r_[np.ones(a), np.zeros(99)]} for a in (6,)), {"m": {"accuracy": np.zeros(105)}}, 0)
    assert few.better == ("accuracy",)
    one_less = judge({"accuracy": np.r_[np.ones(5), np.zeros(99)]}, {"m": {"accuracy": np.zeros(104)}}, 0)
    assert not one_less.better, "five rows against none are no proof: p = 0.06"
    worse = judge(told["idle"], {"good": told["good"]}, 0)
    assert not worse.better and "it is worse" in str(worse)


@pytest.mark.parametrize("data", [rows, three, many_labels])
def test_linear_members_of_different_settings(data, tmp_path):
    texts, labels = data()
    models = {
        "words": LinearTextClassifier(characters=None, C=3.0),
        "few": {"class": LINEAR, "params": {"words": (1, 1), "characters": None, "C": 1.0}},
    }
    fitted = BlendedClassifier(models=models).fit(texts, labels)
    assert fitted.score(texts, labels) > 0.9 and set(fitted.fold_scores_) == {"words", "few", "blend"}
    save(fitted, tmp_path / "m")
    loaded = load(tmp_path / "m")
    assert np.array_equal(loaded.predict_proba(texts), fitted.predict_proba(texts))
    assert loaded.verdict_ == fitted.verdict_ and loaded.fold_scores_ == fitted.fold_scores_
    assert same_state(loaded.fit(texts, labels).get_state(), fitted.get_state()), "its parameters are all there"
    manifest = json.loads((tmp_path / "m" / loaded.load_report_.version / "manifest.json").read_text("utf-8"))
    assert manifest["params"]["models"]["words"]["class"] == LINEAR
    assert {name.split("_")[0] for name in manifest["vocabularies"]} == {"member0", "member1"}


def test_a_blend_of_a_blend_can_be_saved(tmp_path):
    quick = LinearTextClassifier(characters=None, C=3.0)
    fitted = BlendedClassifier(models={"inner": BlendedClassifier(models=[quick]), "plain": quick}).fit(*rows())
    save(fitted, tmp_path / "m")
    assert load(tmp_path / "m").predict([sure("bad"), sure("good")]) == ["bad", "good"]


def test_members_that_no_registry_knows_are_used_but_not_saved(tmp_path):
    texts, labels = signals(n=60)
    fitted = BlendedClassifier(models=[Reader(0), LinearTextClassifier(characters=None, C=1.0)]).fit(texts, labels)
    with pytest.raises(InvalidParameterError, match="can't be saved") as found:
        save(fitted, tmp_path / "m")
    assert found.value.code == "U-022"
    state = BlendedClassifier().fit(*rows()).get_state()
    for name in ("SkipGram", "Unknown"):
        models = {"words": {"class": name, "params": {}}, "characters": {"class": name, "params": {}}}
        with pytest.raises(ArtifactError):
            BlendedClassifier.layout({"models": models}, state.values, {})


@pytest.mark.parametrize(
    "models",
    [
        {"x": 3},
        [Reader],
        {"": LinearTextClassifier()},
        {"blend": LinearTextClassifier()},
        {1: LinearTextClassifier()},
        {"x": {"class": "SkipGram", "params": {}}},
        {"x": {"class": LINEAR, "params": {"no_such": 1}}},
        LinearTextClassifier(),
        [],
    ],
)
def test_models_that_can_not_be_blended_are_refused(models):
    with pytest.raises(InvalidParameterError, match="models") as found:
        BlendedClassifier(models=models).fit(*rows())
    assert found.value.code == "U-020"


@pytest.mark.parametrize(("answer", "code"), [(np.ones((1, 1)), "D-103"), (np.full((1, 2), np.nan), "D-104")])
def test_members_that_answer_nonsense_are_named(answer, code):
    class Broken(Reader):
        def predict_proba(self, texts):
            return answer if answer.shape[1] == 1 else np.repeat(answer, len(texts), axis=0)

    with pytest.raises(DataError, match="member") as found:
        BlendedClassifier(models=[Broken(0)]).fit(*signals(n=30))
    assert found.value.code == code


def test_a_label_that_a_fold_lacks_is_no_stumbling_block():
    texts, labels = signals(n=40)
    fitted = BlendedClassifier(models=[Reader(0), Reader(1)]).fit([*texts, "rare rare rare"], [*labels, "rare"])
    p = fitted.predict_proba([*texts, "rare rare rare"])
    assert fitted.classes_ == ["no", "rare", "yes"] and np.allclose(p.sum(axis=1), 1) and p[-1, 1] == p[:, 1].max()


def test_given_classifiers_are_left_as_they_are():
    given, reader = LinearTextClassifier().fit(*rows()), Reader(0)
    blend = BlendedClassifier(models={"given": given, "reader": reader})
    assert blend.models["given"] is given and blend.get_params()["models"]["reader"] is reader
    before = given.predict_proba(["good"])
    blend.fit(*signals(n=60))
    assert np.array_equal(given.predict_proba(["good"]), before) and not hasattr(reader, "counts")
    with pytest.raises(NotFittedError):
        BlendedClassifier().explain("good")


def test_an_explanation_leaves_words_out():
    fitted = BlendedClassifier().fit(*three())
    told = fitted.explain(f"The day was {sure('odd').split()[0]}")
    assert told.kind == "occlusion" and told.label == "odd" and told.contributions[0].ngram == sure("odd").split()[0]
    p = fitted.predict_proba([f"The day was {sure('odd').split()[0]}"])[0, 2]
    assert told.probability == pytest.approx(p, abs=1e-12) and told.score == pytest.approx(np.log(p / (1 - p)))
