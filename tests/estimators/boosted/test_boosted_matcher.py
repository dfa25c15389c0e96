"""The strong matcher without a net: what was planted is learned, both ways round are one, and a folder holds it all."""

from __future__ import annotations

import json

import numpy as np
import pytest

import kinfold as kf
from kinfold.artifacts.store import load, save
from kinfold.errors import ArtifactError, DataError, InvalidParameterError, NotFittedError
from kinfold.estimators.boosted.matcher import BoostedPairMatcher
from kinfold.vectors.words import WordVectors

FAST = {"cross_bits": 12, "max_trees": 40, "min_leaf": 5, "max_leaves": 7, "feature_share": 1.0}
LETTERS = "abcdefghij"
WORDS = ["".join(word) for word in np.random.default_rng(9).choice(list("klmnopqrstuvwxyz"), (60, 4))]
SYNONYMS = [("car", "auto"), *zip(WORDS[::2][:23], WORDS[1::2][:23], strict=True)]
FILLERS = [f"fill{a}{b}" for a in LETTERS[:4] for b in LETTERS]


def synonyms(n=600, seed=0, fillers=3):
    """Return pairs that differ in one word: by its synonym, which match, or by a word of another meaning."""
    rng = np.random.default_rng(seed)
    pairs, labels = [], []
    for i in range(n):
        k, other = rng.choice(len(SYNONYMS), 2, replace=False)
        common = rng.choice(FILLERS[: 10 * fillers], fillers, replace=False).tolist()
        left, right = SYNONYMS[k][0], SYNONYMS[k if i % 2 else other][1]
        sides = [" ".join([*common, left]), " ".join([*common, right])]
        pairs.append(tuple(sides if rng.random() < 0.5 else sides[::-1]))
        labels.append("same" if i % 2 else "other")
    return pairs, labels


def topical(n=600, seed=0):
    """Return pairs that differ in a word that one side has more: whether it matters hangs on what both are about."""
    rng = np.random.default_rng(seed)
    pairs, labels = [], []
    for _ in range(n):
        topic, more = rng.choice(6, 2)
        common = [f"topic{topic}", *rng.choice(FILLERS[:20], 2, replace=False).tolist()]
        pairs.append((" ".join(common), " ".join([*common, f"more{more}"])))
        labels.append("same" if (topic + more) % 2 else "other")
    return pairs, labels


def numbered(n=400, seed=0):
    """Return pairs that differ in one word of two characters: those match unless it is a number."""
    rng = np.random.default_rng(seed)
    pairs, labels = [], []
    for i in range(n):
        common = rng.choice(FILLERS, 4, replace=False).tolist()
        odd = [str(number) for number in rng.choice(90, 2, replace=False) + 10]
        if i % 2:
            odd = ["".join(LETTERS[int(digit)] for digit in number) for number in odd]
        pairs.append(tuple(" ".join([*common, word]) for word in odd))
        labels.append("same" if i % 2 else "other")
    return pairs, labels


@pytest.fixture(scope="module")
def learned():
    return BoostedPairMatcher(**FAST).fit(*synonyms())


def test_planted_synonyms_are_learned_by_their_crosses(learned):
    assert learned.score(*synonyms(200, seed=1)) >= 0.97
    bare = BoostedPairMatcher(**FAST, crosses=False).fit(*synonyms())
    assert bare.score(*synonyms(200, seed=1)) < 0.9
    assert len(bare.feature_names_) == len(learned.feature_names_) - 7


def test_a_word_that_matters_beside_some_words_only_is_learned():
    model = BoostedPairMatcher(**FAST).fit(*topical())
    assert model.score(*topical(200, seed=1)) >= 0.95
    told = model.explain("topic1 fill0", "topic1 fill0 more2").words
    assert max(told, key=lambda one: one.effect) in [one for one in told if one.kind == "beside"]
    assert "topic1 + more2" in [one.words for one in told if one.effect > 0]


def test_a_planted_number_mismatch_is_learned():
    model = BoostedPairMatcher(**FAST, crosses=False).fit(*numbered())
    assert model.score(*numbered(200, seed=1)) == 1.0
    strongest = model.explain("the top 10 songs", "the top 20 songs").features[0]
    assert strongest.feature.startswith("numbers: of one side only") and strongest.effect < 0


def test_a_pair_and_the_same_turned_round_get_the_very_same_score(learned):
    pairs = synonyms(200, seed=2)[0] + [("", "car"), ("Ä🙂", "怎么"), ("fast car", "fast car"), ("a b c", "c b a")]
    turned = [(b, a) for a, b in pairs]
    assert np.array_equal(learned.decision_function(pairs), learned.decision_function(turned))
    one_by_one = np.concatenate([learned.decision_function([pair]) for pair in pairs])
    assert np.array_equal(one_by_one, learned.decision_function(pairs))


def test_direction_is_learned_where_it_is_asked_for():
    rng = np.random.default_rng(0)
    pairs, labels = [], []
    for i in range(300):
        common = " ".join(rng.choice(FILLERS, 3))
        two = (f"{common} question", f"{common} answer")
        pairs.append(two if i % 2 else two[::-1])
        labels.append("asks" if i % 2 else "does not")
    model = BoostedPairMatcher(**FAST, directed=True).fit(pairs, labels)
    assert model.classes_ == ["asks", "does not"] and model.score(pairs, labels) >= 0.97
    assert any(name.endswith("left") for name in model.feature_names_)
    blind = BoostedPairMatcher(**FAST).fit(pairs, labels)
    assert blind.score(pairs, labels) < 0.75


def test_a_folder_holds_all_of_it(learned, tmp_path):
    pairs = synonyms(100, seed=3)[0]
    save(learned, tmp_path / "m")
    other = load(tmp_path / "m")
    assert np.array_equal(other.decision_function(pairs), learned.decision_function(pairs))
    assert other.predict(pairs) == learned.predict(pairs) and str(other.explain(*pairs[0])) == str(
        learned.explain(*pairs[0])
    )
    assert (
        other.losses_ == learned.losses_
        and other.counts_ == learned.counts_
        and other.get_params()
        == {
            **learned.get_params(),
            "negations": other.negations,
        }
    )
    one, two = learned.get_state(), other.get_state()
    assert one.vocabularies == two.vocabularies and json.dumps(one.values) == json.dumps(two.values)
    assert all(np.array_equal(array, two.arrays[name]) for name, array in one.arrays.items())
    wanted = BoostedPairMatcher.layout(
        other.saved_params(), one.values, {name: text.count(b"\n") for name, text in one.vocabularies.items()}
    )
    assert wanted == {name: (str(array.dtype), array.shape) for name, array in one.arrays.items()}


def test_a_state_that_leads_out_of_its_trees_is_refused(learned):
    state = learned.get_state()
    state.arrays["lefts"] = np.zeros_like(state.arrays["lefts"])
    with pytest.raises(ArtifactError):
        BoostedPairMatcher(**FAST).set_state(state)


def test_vectors_align_words_that_no_pair_has_shown(tmp_path):
    rng = np.random.default_rng(0)
    words = ["".join(word) for word in rng.choice(list("abcdefghijklmnop"), (200, 6))]
    meaning = rng.standard_normal((100, 16))
    vectors = WordVectors(words, (np.repeat(meaning, 2, axis=0) + 0.01).astype(np.float32))

    def pairs_among(low, high, n, seed):
        draw = np.random.default_rng(seed)
        made = []
        for i in range(n):
            a, b = draw.choice(np.arange(low, high), 2, replace=False)
            made.append((f"{words[2 * a]} thing", f"{words[2 * (a if i % 2 else b) + 1]} thing"))
        return made, ["same" if i % 2 else "other" for i in range(n)]

    fast = {**FAST, "crosses": False}
    train, test = pairs_among(0, 80, 300, 0), pairs_among(80, 100, 100, 1)
    model = BoostedPairMatcher(**fast, embedding=vectors, embedding_words=500).fit(*train)
    assert model.score(*test) >= 0.95
    assert BoostedPairMatcher(**fast, embedding=vectors).fit(*train).score(*test) < 0.7
    assert BoostedPairMatcher(**fast).fit(*train).score(*test) < 0.7
    save(model, tmp_path / "m")
    other = load(tmp_path / "m")
    assert other.embedding is None and np.array_equal(other.predict_proba(test[0]), model.predict_proba(test[0]))
    with pytest.raises(DataError) as error:
        BoostedPairMatcher(**fast, embedding=WordVectors(["zzz"], [[1.0]])).fit(*train)
    assert error.value.code == "D-162"


def test_reasons_add_up_and_name_what_mattered(learned):
    pair = ("filler1 filler2 car", "filler1 filler2 auto")
    told = learned.explain(*pair)
    assert told.log_odds == pytest.approx(learned.decision_function([pair])[0], abs=1e-9)
    assert told.intercept + sum(one.effect for one in told.features) == pytest.approx(told.log_odds, abs=1e-6)
    assert told.probability == pytest.approx(learned.predict_proba([pair])[0, 1])
    assert [one.feature for one in told.features].count("word score") == 1
    assert {"car | auto", "auto | car"} & {one.words for one in told.words[:2]} and told.words[0].effect > 0
    score = learned.features([pair])[0, learned.feature_names_.index("word score: crossed")]
    crossed = sum(one.effect for one in told.words if one.kind == "crossed")
    assert crossed == pytest.approx(score, abs=1e-5)
    assert "word score" in str(told) and "<table>" in told._repr_html_()
    assert json.loads(json.dumps(told.to_dict()))["label"] == "same"
    assert learned.explain("<b>", "").log_odds == learned.decision_function([("<b>", "")])[0]


def test_odd_pairs_are_counted_and_answered():
    pairs, labels = synonyms(100)
    more = [("", "car"), ("", ""), ("sofa", "Sofa!"), ("🙂 a", "b"), ("b", "🙂 a")]
    model = BoostedPairMatcher(**FAST).fit(pairs + more, [*labels, "other", "other", "same", "same", "other"])
    assert model.counts_ == {"equal sides": 2, "of two labels": 2, "a side empty": 2}
    found = model.predict_proba([*more, ("", "\ud800")])
    assert np.isfinite(found).all() and np.allclose(found.sum(axis=1), 1)
    assert model.predict([]) == [] and model.predict_proba([]).shape == (0, 2)


@pytest.mark.parametrize(
    ("pairs", "labels", "code"),
    [
        ([], [], "D-152"),
        ([("a", "b")] * 4, ["x"] * 4, "D-161"),
        ([("a", "b")] * 4, None, "D-161"),
        ([("a", "b")] * 3, ["x", "y", "z"], "D-154"),
        ([("a", "b")] * 3, ["x", "y"], "D-151"),
        (["ab", "c"], ["x", "y"], "D-150"),
        ([("a", 1)], ["x"], "D-150"),
    ],
)
def test_pairs_that_teach_nothing(pairs, labels, code):
    with pytest.raises(DataError) as error:
        BoostedPairMatcher(**FAST).fit(pairs, labels)
    assert error.value.code == code and error.value.fix


def test_few_pairs_are_enough_to_answer():
    model = BoostedPairMatcher(**FAST).fit([("a", "b"), ("a", "a")], ["other", "same"])
    assert model.n_trees_ >= 0 and model.predict_proba([("a", "c")]).shape == (1, 2)
    with pytest.raises(NotFittedError):
        BoostedPairMatcher().predict([("a", "b")])


def test_records_and_pairs_held_out_by_the_caller():
    pairs, labels = synonyms(300)
    records = [kf.Pair(a, b, label) for (a, b), label in zip(pairs, labels, strict=True)]
    one = BoostedPairMatcher(**FAST).fit(records)
    assert np.array_equal(
        one.decision_function(pairs), BoostedPairMatcher(**FAST).fit(*synonyms(300)).decision_function(pairs)
    )
    held = BoostedPairMatcher(**FAST).fit(pairs, labels, valid=synonyms(60, seed=5))
    assert not np.array_equal(held.decision_function(pairs), one.decision_function(pairs))
    assert held.score(*synonyms(100, seed=6)) >= 0.9
    with pytest.raises(DataError) as error:
        BoostedPairMatcher(**FAST).fit(pairs, labels, valid=([("a", "b")], ["new"]))
    assert error.value.code == "D-090"


def test_answers_follow_the_metric_and_the_costs(learned):
    pairs, labels = synonyms()
    dear = BoostedPairMatcher(**FAST, costs={"other": {"same": 50.0}}).fit(pairs, labels)
    assert dear.decision_.threshold() == pytest.approx(50 / 51)
    unsure = BoostedPairMatcher(**FAST, abstain_cost=0.0).fit(pairs, labels)
    assert unsure.predict(pairs[:20]) == [None] * 20
    assert BoostedPairMatcher(**FAST, metric="f1").fit(pairs, labels).decision_.tuned_for == "f1"
    held, answers = synonyms(100, seed=7)
    assert learned.choose_threshold(held, answers, metric="macro_f1").decision_.tuned_for == "macro_f1"


def test_which_label_is_that_of_matches(learned):
    pairs, labels = synonyms()
    named = ["match" if label == "same" else "no match" for label in labels]
    model = BoostedPairMatcher(**FAST).fit(pairs, named)
    assert model.classes_ == ["no match", "match"]
    assert np.array_equal(model.decision_function(pairs), learned.decision_function(pairs))
    turned = BoostedPairMatcher(**FAST, match="other").fit(pairs, labels)
    assert turned.classes_ == ["same", "other"] and turned.score(pairs, labels) > 0.9
    with pytest.raises(DataError) as error:
        BoostedPairMatcher(**FAST, match="neither").fit(pairs, labels)
    assert error.value.code == "D-163"


def blurred():
    """Return pairs with marks, capitals and wrong labels, so that each setting has something to act on."""
    pairs, labels = synonyms(240, fillers=1)
    rng = np.random.default_rng(0)
    pairs = [(f"<i>{a.upper() if i % 3 else a}</i> not", b) for i, (a, b) in enumerate(pairs)]
    return pairs, [label if rng.random() < 0.8 else "same" for label in labels]


def test_an_impatient_fit_never_keeps_more_trees():
    kept = [
        [BoostedPairMatcher(**FAST, patience=patience, random_state=seed).fit(*blurred()).n_trees_ for seed in range(3)]
        for patience in (1, 10)
    ]
    assert all(few <= many for few, many in zip(*kept, strict=True))
    assert sum(kept[0]) < sum(kept[1])


@pytest.mark.parametrize(
    "other",
    [
        {"lowercase": False},
        {"strip_html": False},
        {"min_df": 30},
        {"characters": (2, 2)},
        {"negations": ("car",)},
        {"cross_bits": 8},
        {"cross_words": 1},
        {"C": 0.01},
        {"n_folds": 2},
        {"folds": "pairs"},
        {"max_trees": 3},
        {"learning_rate": 0.5},
        {"max_leaves": 2},
        {"min_leaf": 60},
        {"l2": 50.0},
        {"feature_share": 0.1},
        {"valid": 0.4},
        {"calibrate": False},
        {"random_state": 7},
    ],
    ids=lambda other: next(iter(other)),
)
def test_every_parameter_does_something(other):
    pairs, labels = blurred()
    base = BoostedPairMatcher(**FAST).fit(pairs, labels)
    model = BoostedPairMatcher(**{**FAST, **other}).fit(pairs, labels)
    assert not np.array_equal(model.decision_function(pairs), base.decision_function(pairs))
    assert {name: model.get_params()[name] for name in other} == other


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("directed", 1),
        ("characters", (3, 2)),
        ("characters", 3),
        ("negations", "no"),
        ("cross_bits", 30),
        ("C", 0),
        ("n_folds", 1),
        ("folds", "texts"),
        ("feature_share", 1.5),
        ("valid", 1.0),
        ("metric", "auc"),
        ("patience", 0),
        ("random_state", -1),
    ],
)
def test_parameters_that_can_not_be_used(name, value):
    with pytest.raises(InvalidParameterError) as error:
        BoostedPairMatcher(**{name: value}).fit([("a", "b"), ("a", "a")], ["x", "y"])
    assert name in str(error.value)
