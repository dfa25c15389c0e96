"""Where a matcher's pairs come from: places among items, drawn as the training goes, mined with the net, pictures."""

from __future__ import annotations

import signal
from threading import Event

import numpy as np
import pytest
from planted_pairs import planted, quick

from kinfold import GRU, HardNegatives, ImageCNN, Negatives, Positives, load, save
from kinfold.errors import DataError, InvalidParameterError
from kinfold.estimators.neural.batches import LEAST_BATCHES


def test_items_are_held_once():
    """Places in a list of texts are the same as the texts themselves, if each stands there once."""
    pairs, labels = planted(200)
    items = list(dict.fromkeys(text for pair in pairs for text in pair))
    places = np.array([[items.index(left), items.index(right)] for left, right in pairs])
    by_place = quick(max_epochs=2).fit(places, labels, items=items).decision_function(pairs)
    assert (by_place == quick(max_epochs=2).fit(pairs, labels).decision_function(pairs)).all()


def test_negatives_are_drawn_anew_for_each_epoch():
    pairs, labels = planted()
    matches = [pair for pair, label in zip(pairs, labels, strict=True) if label == "1"]
    items = [text for pair in matches for text in pair]
    places = np.arange(len(items)).reshape(-1, 2)
    asked = []

    def draw(epoch):
        asked.append(epoch)
        rights = np.random.default_rng([5, epoch]).permutation(len(places))
        return np.stack([places[:, 0], places[rights, 1]], 1)[: len(places) - 3]

    model = quick(max_epochs=8, patience=None).fit(places, items=items, negatives=draw)
    assert model.classes_ == ["different", "same"]
    assert sorted(asked) == list(range(9))  # each epoch once, and those that say when to stop
    assert (
        model.score(planted(300, seed=1)[0], [{"0": "different", "1": "same"}[x] for x in planted(300, seed=1)[1]])
        > 0.85
    )


def test_few_pairs_and_what_is_drawn_beside_them_fill_an_epoch():
    places = np.arange(40).reshape(-1, 2)
    model = quick(max_epochs=1, valid=0, batch_size=5)
    model.fit(places, items=[f"w{i} x" for i in range(40)], negatives=lambda epoch: places[:, ::-1])
    times = -(-LEAST_BATCHES * 5 // 40)
    assert times > 1 and model.history_[0].rows == times * 40  # 20 that match and 20 that do not


def hard_links(n=60):
    """Return texts, and links of each even one to the odd one behind it that says the same."""
    matches = [pair for pair, label in zip(*planted(), strict=True) if label == "1"][:n]
    items = [text for pair in matches for text in pair]
    places = np.arange(len(items)).reshape(-1, 2)
    return items, Positives.of_numbers(places[:, 0], places[:, 1], n_left=len(items), n_right=len(items), shared=True)


@pytest.mark.parametrize("params", [{}, {"similarity": "euclidean"}, {"similarity": "attention"}, {"directed": True}])
def test_hard_negatives_are_what_the_net_holds_for_matches(params):
    items, links = hard_links()
    asked = []

    class Seen(HardNegatives):
        def by(self, nearest):
            def noted(lefts, k):
                asked.append((lefts, nearest(lefts, k)))
                return asked[-1][1]

            return super().by(noted)

    model = quick(max_epochs=3, patience=None, valid=0, **params).fit(links.pairs, items=items, negatives=Seen(links))
    assert model.classes_ == ["different", "same"]
    lefts, first = asked[0]
    assert first.shape[0] == len(lefts) and not np.array_equal(first, asked[-1][1])
    random = quick(max_epochs=3, patience=None, valid=0, **params)
    random.fit(links.pairs, items=items, negatives=Negatives(links, "requester-fixed").epoch)
    assert (random.decision_function([("red", "big")]) != model.decision_function([("red", "big")])).all()
    apart = Positives.of_numbers([0], [1], n_left=2, n_right=2)
    with pytest.raises(InvalidParameterError):
        HardNegatives(apart)


def test_a_training_with_hard_negatives_goes_on_from_the_middle_of_an_epoch(tmp_path):
    items, links = hard_links()
    params = {"max_epochs": 3, "patience": None, "valid": 0, "batch_size": 8}
    whole = quick(**params).fit(links.pairs, items=items, negatives=HardNegatives(links))
    stop = Event()

    def progress(what, share):
        if not stop.is_set() and share is not None and share > 0.5:
            stop.set()
            signal.raise_signal(signal.SIGINT)

    given = {"items": items, "negatives": HardNegatives(links), "checkpoint": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        quick(**params).fit(links.pairs, progress=progress, **given)
    assert stop.is_set() and list(tmp_path.rglob("mined-*.npy"))
    went_on = quick(**params).fit(links.pairs, resume=True, **given)
    pairs = planted(50, seed=1)[0]
    assert (went_on.decision_function(pairs) == whole.decision_function(pairs)).all()


def test_vectors_and_pictures_are_matched():
    random = np.random.default_rng(0)
    kinds = random.normal(size=(4, 3, 5))
    which = random.integers(0, 4, (400, 2))
    sides = [kinds[which[:, side]] + 0.1 * random.normal(size=(400, 3, 5)) for side in (0, 1)]
    labels = ["same" if a == b else "other" for a, b in which.tolist()]
    model = quick(encoder=GRU(units=12), similarity="interaction", hidden=(16,), max_epochs=15)
    model.fit((sides[0][:300], sides[1][:300]), labels[:300])
    test = (sides[0][300:], sides[1][300:])
    assert model.score(test, labels[300:]) > 0.9
    assert (model.decision_function(test) == model.decision_function(test[::-1])).all()
    assert [place for place, _ in model.rank(kinds[2], kinds, k=1)] == [2]


def test_pictures_are_matched_wherever_the_shape_in_them_stands(tmp_path):
    random = np.random.default_rng(0)
    shapes = [np.eye(5), np.ones((5, 1)) * [1, 0, 0, 0, 1], np.outer([1, 0, 1, 0, 1], np.ones(5))]

    def pictures(which):
        made = 0.1 * random.random((len(which), 12, 10))
        for one, kind in zip(made, which, strict=True):
            top, left = random.integers(0, 8), random.integers(0, 6)
            one[top : top + 5, left : left + 5] += shapes[kind]
        return made

    which = random.integers(0, 3, (500, 2))
    sides, labels = [pictures(which[:, side]) for side in (0, 1)], (which[:, 0] == which[:, 1]).astype(str).tolist()
    encoder = ImageCNN(filters=(6, 8), grid=2, units=16)
    model = quick(encoder=encoder, max_epochs=8).fit((sides[0][:400], sides[1][:400]), labels[:400])
    test = sides[0][400:], sides[1][400:]
    assert model.score(test, labels[400:]) > 0.9
    save(model, tmp_path / "m")
    assert np.array_equal(load(tmp_path / "m").predict_proba(test), model.predict_proba(test))
    with pytest.raises(DataError):
        model.predict((sides[0][:, :8], sides[1][:, :8]))
    with pytest.raises(DataError):
        quick(encoder=encoder).fit((sides[0], sides[1][:, :8]), labels)
