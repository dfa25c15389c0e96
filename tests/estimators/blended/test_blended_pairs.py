"""Blends of matchers: what each member is worth, what is held out, and that one which errs elsewhere helps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.base import clone

from contract_matchers import rows
from kinfold import (
    BagOfEmbeddings,
    BlendedPairMatcher,
    BoostedPairMatcher,
    LinearTextClassifier,
    PairMatcher,
    WordVectors,
)
from kinfold.artifacts.store import load, save
from kinfold.errors import DataError, InvalidParameterError


class Witness:
    """Knows of each pair what one of the words of its left side says, and how far to trust it."""

    def __init__(self, place, trust):
        self.place, self.trust = place, trust

    def fit(self, pairs, labels):
        self.pairs, self.classes_ = list(pairs), ["no", "yes"]
        return self

    def predict_proba(self, pairs):
        said = np.array([int(left.split()[self.place][-1]) for left, _ in pairs])
        p = np.where(said == 1, self.trust, 1 - self.trust)
        return np.stack([1 - p, p], 1)


def witnessed(n=3000, trusts=(0.8, 0.7), seed=0):
    """Return pairs whose lefts hold what each witness says, one word each, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    said = [np.where(rng.random(n) < trust, truth, 1 - truth) for trust in trusts]
    pairs = [(" ".join(f"w{k}{s[i]}" for k, s in enumerate(said)) + f" n{i}", f"right {i}") for i in range(n)]
    return pairs, [("no", "yes")[t] for t in truth]


def test_independent_witnesses_add_up_and_noise_weighs_nothing():
    pairs, labels = witnessed(6000, (0.8, 0.7, 0.5))
    models = {"good": Witness(0, 0.8), "fair": Witness(1, 0.7), "noise": Witness(2, 0.6)}
    blend = BlendedPairMatcher(models=models, valid=0.5).fit(pairs, labels)
    assert blend.weights_["good"] == pytest.approx(1, abs=0.15) and blend.weights_["fair"] == pytest.approx(1, abs=0.2)
    assert blend.weights_["noise"] < 0.2 and abs(blend.offsets_[0]) < 0.2
    log_odds = blend.decision_function([("w01 w11 w21", "x"), ("w00 w11 w21", "x")])
    by_hand = (
        sum(w * logit(t) for w, t in zip(blend.weights_.values(), (0.8, 0.7, 0.6), strict=True)) + blend.offsets_[0]
    )
    assert log_odds[0] == pytest.approx(by_hand) and log_odds[1] < log_odds[0]
    assert blend.predict_proba([("w01 w11 w21", "x")])[0, 1] == pytest.approx(expit(by_hand))
    # Right when both agree, and as the better one says when they don't: no better answers, surer ones.
    assert blend.verdict_.better == ("log_loss",) and "better than its best member" in str(blend.verdict_)
    assert set(blend.fold_scores_) == {*models, "blend"}


def test_no_member_learns_from_what_weights_are_learned_on():
    pairs, labels = witnessed(400)
    pairs += [(right, f"again {i}") for i, (_, right) in enumerate(pairs[:100])]  # connected with others
    labels += ["yes"] * 100
    pairs = [(left if "w0" in left else f"w01 w11 {left}", right) for left, right in pairs]
    blend = BlendedPairMatcher(models=[Witness(0, 0.8)], valid=0.3).fit(pairs, labels)
    learned = next(iter(blend.members_.values())).pairs
    assert 0.65 * len(pairs) < len(learned) < 0.75 * len(pairs)
    seen = {text for pair in learned for text in pair}
    held = [pair for pair in pairs if pair not in set(learned)]
    assert held and not any(text in seen for pair in held for text in pair)
    given = BlendedPairMatcher(models=[Witness(0, 0.8)]).fit(pairs, labels, valid=witnessed(200, seed=1))
    assert len(next(iter(given.members_.values())).pairs) == len(pairs) and given.verdict_.n_rows == 200


def test_where_nothing_can_be_held_out_members_weigh_the_same():
    blend = BlendedPairMatcher(models=[Witness(0, 0.8), Witness(1, 0.7)]).fit(*witnessed(30))
    assert list(blend.weights_.values()) == [0.5, 0.5] and "too few" in str(blend.verdict_)
    assert blend.predict([("w01 w11", "x")]) == ["yes"]


def test_trees_and_a_net_are_the_usual_members():
    assert {type(m) for m in BlendedPairMatcher()._fresh().values()} == {BoostedPairMatcher, PairMatcher}
    made = BlendedPairMatcher(directed=True, match="no")._fresh()
    assert all(member.directed is True and member.match == "no" for member in made.values())


@pytest.mark.parametrize(
    "models", [[], {"": Witness(0, 0.8)}, {"blend": Witness(0, 0.8)}, [LinearTextClassifier()], [Witness], "trees"]
)
def test_what_is_no_matcher_is_refused(models):
    with pytest.raises(InvalidParameterError) as caught:
        BlendedPairMatcher(models=models).fit(*witnessed(30))
    assert caught.value.code == "U-020"


def test_a_stranger_is_blended_but_not_saved():
    blend = BlendedPairMatcher(models={"mine": Witness(0, 0.8)}).fit(*witnessed(100))
    with pytest.raises(InvalidParameterError) as caught:
        blend.get_state()
    assert caught.value.code == "U-022"


def test_every_pair_needs_a_label():
    pairs, labels = witnessed(30)
    for given in (None, [None, *labels[1:]]):
        with pytest.raises(DataError) as caught:
            BlendedPairMatcher(models=[Witness(0, 0.8)]).fit(pairs, given)
        assert caught.value.code == "D-161"


def test_words_that_met_explain_a_pair():
    pairs, labels = witnessed(400)
    blend = BlendedPairMatcher(models=[Witness(0, 0.9)]).fit(pairs, labels)
    blend.members_["Witness 1"].predict_proba = lambda asked: np.array(
        [[0.2, 0.8] if "red" in left and "crimson" in right else [0.8, 0.2] for left, right in asked]
    )
    assert blend.explain("the red one", "a crimson two").top(1)[0][:2] == ("red", "crimson")


def test_members_with_vectors_of_their_own_are_saved(tmp_path):
    pairs, labels = rows(200)
    words = sorted({word for pair in pairs for text in pair for word in text.split()})
    vectors = WordVectors(words, np.random.default_rng(0).normal(size=(len(words), 6)).astype(np.float32))
    net = PairMatcher(embedding=vectors, encoder=BagOfEmbeddings(dim=6), max_epochs=1, n_threads=1, min_count=1)
    trees = BoostedPairMatcher(embedding=vectors, max_trees=5, crosses=False, min_leaf=5)
    blend = BlendedPairMatcher(models={"trees": trees, "net": net}).fit(pairs, labels)
    again = clone(blend).fit(pairs, labels)  # a copy has the vectors too
    assert (again.predict_proba(pairs) == blend.predict_proba(pairs)).all()
    save(blend, tmp_path / "m")
    assert (load(tmp_path / "m").predict_proba(pairs) == blend.predict_proba(pairs)).all()
