"""What a matcher learns, and what it promises whatever it learns."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from planted_pairs import planted, quick
from sklearn.base import clone

from kinfold import (
    GRU,
    BagOfEmbeddings,
    ImageCNN,
    PairMatcher,
    Pairs,
    ResidualBag,
    load,
    save,
)
from kinfold.errors import DataError, InvalidParameterError, NotFittedError
from kinfold.estimators.pairs.graph import components, held_out

KINDS = {
    "cosine": {},
    "dot": {"similarity": "dot"},
    "contrastive": {"similarity": "euclidean", "loss": "contrastive"},
    "hinge": {"loss": "hinge"},
    "softmax": {"loss": "softmax"},
    "triplet": {"loss": "triplet"},
    "concat": {"similarity": "concat", "hidden": (16,)},
    "interaction": {"similarity": "interaction"},
    "directed": {"directed": True, "roles": 12},
    "separate": {"directed": True, "towers": "separate"},
    "residual": {"encoder": ResidualBag(dim=24, units=24)},
    "recurrent": {"encoder": GRU(dim=12, units=12)},
    "attention": {"similarity": "attention", "attention_units": 16},
    "attention, directed": {"similarity": "attention", "directed": True, "encoder": GRU(dim=12, units=12)},
}


@pytest.fixture(scope="module")
def fitted():
    made = {}

    def of(kind):
        if kind not in made:
            made[kind] = quick(**KINDS[kind]).fit(*planted())
        return made[kind]

    return of


@pytest.mark.parametrize("kind", KINDS)
def test_planted_pairs_are_told(fitted, kind):
    pairs, labels = planted(300, seed=1)
    model = fitted(kind)
    assert model.classes_ == ["0", "1"]
    assert model.score(pairs, labels) > 0.9
    chances = model.predict_proba(pairs)
    assert np.allclose(chances.sum(axis=1), 1) and chances.shape == (300, 2)
    assert np.allclose(np.log(chances[:, 1] / chances[:, 0]), model.decision_function(pairs), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pair_turned_round_has_the_very_same_score_unless_it_is_directed(fitted, kind):
    model, pairs = fitted(kind), planted(300, seed=1)[0]
    there, back = model.decision_function(pairs), model.decision_function([(right, left) for left, right in pairs])
    assert (there == back).all() == (not model.directed)
    even, odd = model.directions(pairs)
    np.testing.assert_allclose(even + odd, there, atol=1e-9)
    np.testing.assert_allclose(even - odd, back, atol=1e-9)
    assert (odd == 0).all() == (not model.directed)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_pair_gets_does_not_depend_on_those_beside_it(fitted, kind):
    model, pairs = fitted(kind), planted(40, seed=1)[0]
    alone = np.concatenate([model.decision_function([pair]) for pair in pairs])
    np.testing.assert_allclose(model.decision_function(pairs), alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_matcher_answers_alike(fitted, kind, tmp_path):
    model, pairs = fitted(kind), planted(50, seed=1)[0]
    save(model, tmp_path / "m")
    loaded = load(tmp_path / "m")
    assert (loaded.predict_proba(pairs) == model.predict_proba(pairs)).all()
    assert loaded.counts_ == model.counts_ and loaded.get_params()["encoder"] == model.get_params()["encoder"]


def test_it_answers_alike_in_a_fresh_process(fitted, tmp_path):
    save(fitted("cosine"), tmp_path / "m")
    program = (
        "import sys, kinfold; print(kinfold.load(sys.argv[1]).decision_function([('red cat', 'crimson kitty')])[0])"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "m")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert float(said) == fitted("cosine").decision_function([("red cat", "crimson kitty")])[0]


def test_the_same_seed_the_same_result_another_another():
    pairs, labels = planted(200)
    found = [quick(max_epochs=2, random_state=seed).fit(pairs, labels).decision_function(pairs) for seed in (1, 1, 2)]
    assert (found[0] == found[1]).all() and (found[0] != found[2]).any()


def test_the_ways_to_give_pairs():
    pairs, labels = planted(200)
    lefts, rights = zip(*pairs, strict=True)
    ways = [
        quick(max_epochs=1).fit(pairs, labels),
        quick(max_epochs=1).fit(Pairs(lefts, rights, labels)),
        quick(max_epochs=1).fit(iter(Pairs(lefts, rights, labels))),
        quick(max_epochs=1).fit(Pairs(lefts, rights), labels),
    ]
    answers = [model.decision_function(pairs) for model in ways]
    assert all((one == answers[0]).all() for one in answers)
    assert (ways[0].decision_function(Pairs(lefts, rights)) == answers[0]).all()


def test_checkpoints_and_going_on(tmp_path):
    pairs, labels = planted(200)
    whole = quick(max_epochs=3, patience=None).fit(pairs, labels)

    class Stop(Exception):
        pass

    def progress(what, share):
        if what.startswith("epoch 2"):
            raise Stop

    with pytest.raises(Stop):
        quick(max_epochs=3, patience=None).fit(pairs, labels, checkpoint=tmp_path, progress=progress)
    went_on = quick(max_epochs=3, patience=None).fit(pairs, labels, checkpoint=tmp_path, resume=True)
    assert (went_on.decision_function(pairs) == whole.decision_function(pairs)).all()
    with pytest.raises(InvalidParameterError):
        quick(max_epochs=3, margin=2.0, patience=None).fit(pairs, labels, checkpoint=tmp_path, resume=True)


def test_finding(fitted):
    model = fitted("cosine")
    ranked = model.rank("red fast", ["big house", "crimson quick", "song cat"])
    assert ranked[0][0] == 1 and len(ranked) == 3
    assert [chance for _, chance in ranked] == sorted((chance for _, chance in ranked), reverse=True)
    assert model.rank("red fast", ["big house", "crimson quick"], k=1)[0][0] == 1
    texts = ["red fast", "quick scarlet", "big house", "huge home", "cat song", "melody kitty", "crimson swift"]
    groups = model.cluster(texts)
    assert groups.members == [[0, 1, 6], [2, 3], [4, 5]]
    assert groups.labels.tolist() == [0, 0, 1, 1, 2, 2, 0]
    assert len(model.cluster(texts, threshold=1.0)) == len(texts)
    assert str(groups).startswith("7 texts, 3 groups")
    with pytest.raises(InvalidParameterError):
        fitted("directed").cluster(texts)
    attentive = fitted("attention")
    assert attentive.cluster(texts, threshold=0.5).members == groups.members
    near = dict(attentive.rank("red fast", texts[1:]))
    assert next(iter(near)) in (0, 5)
    chances = attentive.predict_proba([("red fast", text) for text in texts[1:]])[:, 1]
    assert all(abs(chances[place] - chance) < 1e-6 for place, chance in near.items())


def test_explaining(fitted):
    told = fitted("cosine").explain("the red fast", "my crimson swift")
    assert {(left, right) for left, right, _ in told.top(2)} == {("red", "crimson"), ("fast", "swift")}
    assert told.log_odds == fitted("cosine").decision_function([("the red fast", "my crimson swift")])[0]
    assert "red ~ crimson" in str(told) and "<table>" in told._repr_html_()
    assert told.to_dict()["met"][0]["effect"] >= told.to_dict()["met"][1]["effect"]


def test_encoding_is_what_is_compared(fitted):
    model = fitted("cosine")
    a, b = model.encode(["red cat", "crimson kitty"])
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    near = model.module_.similarity
    expected = near.log_scale.exp().item() * cosine + near.offset.item()
    slope, offset = model.fitted_.calibration.slopes[0], model.fitted_.calibration.offsets[0]
    assert abs(slope * expected + offset - model.decision_function([("red cat", "crimson kitty")])[0]) < 1e-4
    left, right = (fitted("separate").encode(["red cat"], side) for side in ("left", "right"))
    assert (left != right).any()


def test_oddities_are_counted():
    pairs, labels = planted(100)
    odd = [("same text", "same text"), ("red", ""), pairs[0], (pairs[0][1], pairs[0][0])]
    other = "0" if labels[0] == "1" else "1"
    model = quick(max_epochs=1).fit(pairs + odd, [*labels, "1", "0", labels[0], other])
    assert model.counts_ == {"equal sides": 1, "of two labels": 3, "a side empty": 1}
    assert np.isfinite(model.decision_function([("", ""), ("red", ""), ("\x00\U0001f600", "unseen")])).all()


@pytest.mark.parametrize(
    ("pairs", "labels", "code"),
    [
        ([], [], "D-152"),
        ([("a", "b")] * 9, ["1"] * 9, "D-153"),
        ([("a", "b")] * 9, None, "D-153"),
        ([("a", "b")] * 9, ["1"] * 8, "D-151"),
        ([("a", "b")] * 9, ["0", "1", "2"] * 3, "D-154"),
        ([("a", "b", "c")] * 9, ["0", "1", "1"] * 3, "D-150"),
        ([("a", 3)] * 9, ["0", "1", "1"] * 3, "D-150"),
        (["ab"] * 9, ["0", "1", "1"] * 3, "D-150"),
        ([("", "")] * 9, ["0", "1", "1"] * 3, "D-089"),
    ],
)
def test_what_can_not_be_learned_from(pairs, labels, code):
    with pytest.raises(DataError) as caught:
        quick(min_count=1).fit(pairs, labels)
    assert caught.value.code == code and caught.value.fix


@pytest.mark.parametrize(
    ("labels", "match", "classes"),
    [
        (("match", "no match"), None, ["no match", "match"]),
        (("duplicate", "Not duplicate"), None, ["Not duplicate", "duplicate"]),
        (("different", "same"), None, ["different", "same"]),
        (("far", "near"), None, ["far", "near"]),
        (("far", "near"), "far", ["near", "far"]),
        (("no", "non"), None, ["no", "non"]),
    ],
)
def test_which_label_is_that_of_matches(labels, match, classes):
    pairs, truth = planted(200)
    yes, no = (match, labels[labels.index(match) - 1]) if match else (classes[1], classes[0])
    named = [yes if label == "1" else no for label in truth]
    model = quick(match=match, similarity="cosine").fit(pairs, named)
    assert model.classes_ == classes and model.score(pairs, named) > 0.9
    assert model.rank("red fast", ["big house", "crimson quick"], k=1)[0][0] == 1
    with pytest.raises(DataError) as error:
        quick(match="neither").fit(pairs, named)
    assert error.value.code == "D-163"


def test_places_out_of_range_and_labels_of_others():
    with pytest.raises(DataError) as caught:
        quick(min_count=1).fit(np.array([[0, 3]]), ["1"], items=["a", "b"])
    assert caught.value.code == "D-155"
    pairs, labels = planted(60)
    with pytest.raises(DataError) as caught:
        quick().fit(pairs, labels, valid=(pairs[:2], ["0", "7"]))
    assert caught.value.code == "D-090"
    with pytest.raises(DataError) as caught:
        quick(max_epochs=1).fit(pairs, labels).predict((np.zeros((2, 3, 4)), np.zeros((2, 3, 4))))
    assert caught.value.code == "D-093"
    with pytest.raises(NotFittedError):
        PairMatcher().predict(pairs)


def test_a_loss_that_has_the_batch_for_negatives_takes_no_others():
    places = np.arange(80).reshape(-1, 2)
    for loss in ("softmax", "triplet"):
        with pytest.raises(InvalidParameterError):
            quick(loss=loss).fit(places, items=[f"w{i} x" for i in range(80)], negatives=lambda epoch: places)


def test_pairs_held_out_that_have_a_label_only_in_part():
    pairs, labels = planted(60)
    with pytest.raises(DataError) as caught:
        quick().fit(pairs, labels, valid=(pairs[:3], ["0", None, "1"]))
    assert caught.value.code == "D-151"


def test_empty_texts_connect_nothing():
    """Else all pairs with an empty side would be one component."""
    found = components(np.array([[0, 1], [0, 2], [3, 4], [3, 5]]), np.array([0, 5, 6, 7, 8, 9], np.uint64))
    assert len(set(found[:2].tolist())) == 2 and found[2] == found[3]
    for share in (0.1, 0.4):
        held = held_out(np.arange(300), np.arange(300) % 2, share, 0)
        assert held.sum() == round(300 * share)


def test_a_fixed_number_is_drawn():
    places = np.arange(80).reshape(-1, 2)
    with pytest.raises(DataError) as caught:
        quick(max_epochs=3).fit(
            places, items=[f"w{i} x" for i in range(80)], negatives=lambda epoch: places[: 9 + epoch]
        )
    assert caught.value.code == "D-156"


@pytest.mark.parametrize(
    "params",
    [
        {"towers": "three"},
        {"similarity": "near"},
        {"loss": "squared"},
        {"directed": 1},
        {"roles": 0, "directed": True},
        {"margin": 0},
        {"temperature": -1},
        {"towers": "separate"},
        {"roles": 4},
        {"loss": "contrastive", "similarity": "dot"},
        {"loss": "softmax", "similarity": "concat"},
        {"loss": "hinge", "label_smoothing": 0.1},
        {"loss": "softmax", "similarity": "attention"},
        {"transitive": True},
        {"transitive": True, "loss": "softmax", "directed": True},
        {"transitive": 1, "loss": "softmax"},
        {"similarity": "attention", "directed": True, "roles": 4},
        {"similarity": "attention", "encoder": ResidualBag(dim=8)},
        {"attention_units": 0},
        {"match": ""},
        {"encoder": ImageCNN()},
    ],
)
def test_wrong_parameters_are_refused(params):
    with pytest.raises(InvalidParameterError):
        quick(**params).fit(*planted(60))


@pytest.mark.parametrize(
    ("name", "value", "base"),
    [
        ("encoder", BagOfEmbeddings(dim=9), {}),
        ("towers", "separate", {"directed": True}),
        ("similarity", "euclidean", {}),
        ("directed", True, {}),
        ("roles", 5, {"directed": True}),
        ("attention_units", 9, {"similarity": "attention"}),
        ("loss", "contrastive", {}),
        ("margin", 0.3, {"loss": "contrastive"}),
        ("temperature", 0.5, {"loss": "softmax"}),
        ("label_smoothing", 0.2, {}),
        ("class_weight", {"0": 5.0}, {}),
        ("hidden", (7,), {"similarity": "concat"}),
        ("dropout", 0.6, {"similarity": "concat"}),
        ("l1", 0.01, {}),
        ("l2", 0.01, {}),
        ("max_norm", 0.1, {"similarity": "concat"}),
        ("embedding_rate", 0.1, {}),
        ("valid", 0.4, {}),
        ("calibrate", False, {}),
    ],
)
def test_every_parameter_of_its_own_changes_something(name, value, base):
    pairs, labels = planted(120)
    one, other = (quick(max_epochs=2, **params).fit(pairs, labels) for params in (base, {**base, name: value}))
    assert not np.allclose(one.decision_function(pairs), other.decision_function(pairs), atol=1e-7)


def test_it_is_an_estimator_like_others():
    model = quick(similarity="dot", costs={"0": {"1": 5.0}})
    copied = clone(model)
    assert copied.get_params() == model.get_params() and not hasattr(copied, "classes_")
    assert repr(PairMatcher(directed=True)) == "PairMatcher(directed=True)"
    pairs, labels = planted(200)
    assert model.fit(pairs, labels) is model
    dear = model.predict(pairs).count("1")
    assert dear <= quick(similarity="dot").fit(pairs, labels).predict(pairs).count("1")
    assert model.decision_.threshold() == pytest.approx(5 / 6)
