"""Features of pairs: what each says, by plain counting; both ways round; texts with nothing in them; any script."""

from __future__ import annotations

import difflib
import itertools
import math

import numpy as np
import pytest

from kinfold.kernels.crossing import cross_column
from kinfold.text.crosses import Crossing, crosses_of, named_crosses
from kinfold.text.pairfeatures import PairFeatures, WordSpace, lexicon_of
from kinfold.text.pairtexts import cut_pair_texts

WORDS = ["red", "green", "blue", "one", "two", "three", "cat", "dog"]


def features_of(pairs, texts=None, **options):
    """Return a table (names -> numbers) of pairs of texts, learned from all of them or from `texts`."""
    cutting = {name: options.pop(name) for name in ("lowercase", "characters", "negations") if name in options}
    distinct = list(dict.fromkeys(itertools.chain.from_iterable(pairs)))
    cut = cut_pair_texts(distinct, **cutting)
    features = PairFeatures.fit(cut if texts is None else cut_pair_texts(texts, **cutting), **options)
    places = np.array([[distinct.index(a), distinct.index(b)] for a, b in pairs])
    matrix = features.matrix(cut, places)
    assert matrix.shape == (len(pairs), len(features.names)) and len(set(features.names)) == len(features.names)
    return dict(zip(features.names, matrix.T, strict=True))


def random_pairs(n, seed=0):
    rng = np.random.default_rng(seed)
    return [tuple(" ".join(rng.choice(WORDS, rng.integers(1, 7))) for _ in range(2)) for _ in range(n)]


def levenshtein(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        row, old = [i + 1], row
        for j, y in enumerate(b):
            row.append(min(old[j] + (x != y), old[j + 1] + 1, row[j] + 1))
    return row[-1]


def common_subsequence(a, b):
    best = np.zeros((len(a) + 1, len(b) + 1), int)
    for i, j in itertools.product(range(len(a)), range(len(b))):
        best[i + 1, j + 1] = best[i, j] + 1 if a[i] == b[j] else max(best[i, j + 1], best[i + 1, j])
    return int(best[-1, -1])


def test_overlap_is_what_counting_says():
    pairs = random_pairs(60)
    texts = list(dict.fromkeys(itertools.chain.from_iterable(pairs)))
    found = features_of(pairs, min_df=1)
    weight = {w: math.log((len(texts) + 1) / (sum(w in t.split() for t in texts) + 1)) + 1 for w in WORDS}
    for row, (a, b) in enumerate(pairs):
        left, right = set(a.split()), set(b.split())
        heavy = {name: sum(weight[w] for w in one) for name, one in (("l", left), ("r", right), ("s", left & right))}
        square = [sum(weight[w] ** 2 for w in one) for one in (left, right, left & right)]
        sides = sorted([len(left & right) / len(left), len(left & right) / len(right)])
        wanted = {
            "words: shared of all": len(left & right) / len(left | right),
            "words: shared of a side, lower": sides[0],
            "words: shared of a side, higher": sides[1],
            "words: shared of all, by idf": heavy["s"] / (heavy["l"] + heavy["r"] - heavy["s"]),
            "words: tf-idf cosine": square[2] / math.sqrt(square[0] * square[1]),
            "words: rarest shared": max((weight[w] for w in left & right), default=0.0),
            "words: idf not shared, higher": max(heavy["l"], heavy["r"]) - heavy["s"],
        }
        for name, value in wanted.items():
            assert found[name][row] == pytest.approx(value, abs=1e-5), name


def test_order_is_what_counting_says():
    pairs = random_pairs(60, seed=1)
    found = features_of(pairs, directed=True)
    for row, (a, b) in enumerate(pairs):
        left, right = a.split(), b.split()
        run = difflib.SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size
        head = sum(1 for _ in itertools.takewhile(lambda two: two[0] == two[1], zip(left, right, strict=False)))
        wanted = {
            "words: common beginning": head,
            "first word equal": float(left[0] == right[0]),
            "last word equal": float(left[-1] == right[-1]),
            "words: in the same order, left": common_subsequence(left, right) / len(left),
            "words: edits": levenshtein(left, right) / max(len(left), len(right)),
            "words: number, right": len(right),
            "characters: edits": levenshtein(a, b) / max(len(a), len(b)),
            "characters: longest common run": run / max(len(a), len(b)),
            "characters: number, left": len(a),
        }
        for name, value in wanted.items():
            assert found[name][row] == pytest.approx(value, abs=1e-6), (name, a, b)


def test_runs_of_words_know_the_order_that_sets_do_not():
    found = features_of([("man bites dog", "dog bites man"), ("man bites dog", "man bites dog now")])
    assert found["words: shared of all"].tolist() == [1.0, 0.75]
    assert found["word pairs: shared of all"].tolist() == pytest.approx([0.0, 2 / 3])


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("top 10 songs", "top 20 songs", {"numbers: shared": 0, "numbers: of one side only, lower": 1}),
        ("in 2016", "in time", {"numbers: of one side only, higher": 1, "numbers: difference": 1}),
        ("in 2016", "it was 2016", {"numbers: shared": 1, "numbers: difference": 0}),
        ("٣ cats", "٤ cats", {"numbers: of one side only, lower": 1}),
        ("why do it", "why don't it", {"negations: difference": 1}),
        ("do not go", "never go", {"negations: difference": 0, "negations: of one side only, lower": 1}),
        ("is Rome old", "is rome old", {"capitals: of one side only, higher": 1, "words: shared of all": 1}),
        ("Rome is old", "rome is old", {"capitals: of one side only, higher": 0}),
        ("in Rome now", "near Rome then", {"capitals: shared": 1}),
    ],
)
def test_mismatches(left, right, wanted):
    found = features_of([(left, right)])
    assert {name: found[name][0] for name in wanted} == wanted


def test_what_says_no_can_be_named():
    assert features_of([("geh nicht", "geh jetzt")])["negations: difference"][0] == 0
    assert features_of([("geh nicht", "geh jetzt")], negations=("nicht",))["negations: difference"][0] == 1


def test_punctuation_is_no_word_but_signs_are():
    found = features_of([("what is C?", "what is C"), ("what is C++?", "what is C?")])
    assert found["words: shared of all"].tolist() == [1.0, 0.75]
    assert found["character runs: shared of all"][0] == 1.0


def test_case_counts_where_it_is_not_folded():
    pair = [("see the US now", "see the us now")]
    assert features_of(pair)["words: shared of all"][0] == 1.0
    assert features_of(pair, lowercase=False)["words: shared of all"][0] == pytest.approx(3 / 5)
    assert features_of(pair, lowercase=False)["capitals: of one side only, higher"][0] == 1.0


@pytest.mark.parametrize("directed", [False, True])
def test_a_pair_turned_round(directed):
    pairs = random_pairs(40, seed=2)
    there = features_of(pairs, directed=directed)
    back = features_of([(b, a) for a, b in pairs], directed=directed)
    for name, values in there.items():
        other = name.replace("left", "right") if "left" in name else name.replace("right", "left")
        sign = -1 if directed and name.endswith("difference") else 1
        assert np.allclose(values, sign * back[other], atol=1e-6, equal_nan=True), name
    differ = any(not np.array_equal(there[name], back[name], equal_nan=True) for name in there if "number" in name)
    assert differ == directed


def test_a_side_without_words_and_equal_sides():
    found = features_of([("", "a cat sat"), ("", " ?!"), ("a cat sat", "a cat sat")])
    assert found["words: shared of all"][0] == 0 and np.isnan(found["words: shared of all"][1])
    assert np.isnan(found["first word equal"][:2]).all() and np.isnan(found["best match by spelling: mean, lower"][0])
    assert found["words: number, lower"].tolist() == [0, 0, 3]
    for name in ("words: tf-idf cosine", "character runs: shared of all", "words: in the same order, lower"):
        assert found[name][2] == pytest.approx(1.0)
    assert found["characters: edits"][2] == 0


def test_any_script_is_cut():
    found = features_of([("怎么学习中文", "怎么学习英文"), ("🙂 İstanbul", "🙃 istanbul"), ("a\ud800b", "a\ufffdb")])
    assert found["words: shared of all"][0] == pytest.approx(5 / 7)
    assert 0 <= found["words: shared of all"][1] < 1
    assert found["words: shared of all"][2] == 1


def test_weights_come_from_the_texts_fitted_alone():
    texts = ["the cat", "the dog", "the emu", "the cat sat"]
    cut = cut_pair_texts(["the unseen cat"])
    weights = dict(zip(cut.words, PairFeatures.fit(cut_pair_texts(texts)).weights(cut), strict=True))
    assert weights["the"] == pytest.approx(math.log(5 / 5) + 1)
    assert weights["cat"] == pytest.approx(math.log(5 / 3) + 1)
    assert weights["unseen"] == pytest.approx(math.log(5 / 2) + 1)
    rarely = PairFeatures.fit(cut_pair_texts(texts), min_df=3).weights(cut)
    assert dict(zip(cut.words, rarely, strict=True))["cat"] == weights["unseen"]


def test_alignment_by_spelling_and_by_meaning():
    words = ["car", "auto", "tree", "fast"]
    vectors = np.array([[1, 0.1], [1, 0], [0, 1], [0.7, 0.7]], np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [("fast car", "fast auto"), ("fast car", "fast tree"), ("fast car", "fast cars"), ("fast car", "fast xyz")]
    found = features_of(pairs, space=WordSpace(lexicon_of(words), unit))
    spelled, meant = (found[f"best match by {way}: worst, lower"] for way in ("spelling", "meaning"))
    assert spelled[2] > 0.5 > max(spelled[0], spelled[1], spelled[3])
    # The worst match of a side is the best that its odd word finds.
    assert meant[0] == pytest.approx(float(unit[0] @ unit[1]), abs=1e-6) and meant[1] < 0.75 and meant[3] < 0.8
    assert found["cosine of mean word vectors"][0] > found["cosine of mean word vectors"][1]
    assert (
        found["best match by meaning: largest loss, higher"][3]
        > found["best match by meaning: largest loss, higher"][0]
    )
    assert not any("meaning" in name for name in features_of(pairs))


def test_a_text_is_known_by_its_words_in_order():
    digests = cut_pair_texts(["a cat sat", "A cat, sat!", "sat a cat", "", "?", "a cat"]).digests()
    assert digests[0] == digests[1] and digests[3] == digests[4] == 0
    assert len(set(digests.tolist())) == 4


def test_crosses_are_what_they_are_called():
    cut = cut_pair_texts(["how to cook fish", "how to fry fish now", "how to cook fish fast"])
    weights = PairFeatures.fit(cut).weights(cut)
    how = Crossing(directed=False, n_bits=20, most=9)
    named = named_crosses(cut, (0, 1), weights, how)
    assert sorted(name for kind, name in named if kind == "shared") == ["fish", "how", "to"]
    assert sorted(name for kind, name in named if kind == "different") == ["cook", "fry", "now"]
    assert sorted(name for kind, name in named if kind == "crossed") == ["cook | fry", "cook | now"]
    assert [name for kind, name in named_crosses(cut, (0, 2), weights, how) if kind == "crossed"] == ["- | fast"]
    beside = ["fish + cook", "fish + fry", "fish + now", "how + cook", "how + fry", "how + now"]
    beside += ["to + cook", "to + fry", "to + now"]
    assert sorted(name for kind, name in named if kind == "beside") == beside
    assert {kind for kind, _ in named_crosses(cut, (0, 0), weights, how)} == {"shared", "word pairs"}
    rows = crosses_of(cut, np.array([[0, 1], [0, 0]]), weights, how)
    assert len(rows.indices) == len(named) + 4 + 3 and rows.bounds[1].tolist() == [[17, 21], *[[21, 21]] * 3, [27, 30]]
    key = dict(zip(cut.words, cut.keys, strict=True))
    place = [name for _, name in named].index("fish")
    assert rows.indices[place] == cross_column(key["fish"], np.uint64(0), 0, 20)
    assert [int(x) >> 20 for x in rows.indices[:17]] == [0] * 3 + [1] * 3 + [2] * 2 + [3] * 9
    for place in range(8, 17):
        a, b = named[place][1].split(" + ")
        assert rows.indices[place] == (3 << 20) + cross_column(key[a], key[b], 4, 20)
    runs = {name for kind, name in named if kind == "word pairs"}
    assert runs == {"how to", *(f"{name} | -" for name in ("to cook", "cook fish", "to fry", "fry fish", "fish now"))}
    shared = cut.runs.indices[cut.runs.indptr[0] : cut.runs.indptr[1]]
    both = set(shared.tolist()) & set(cut.runs.indices[cut.runs.indptr[1] : cut.runs.indptr[2]].tolist())
    first = rows.bounds[0, 4, 0]
    assert rows.indices[first] == (4 << 20) + cross_column(np.uint64(both.pop()), np.uint64(0), 6, 20)


def test_crosses_of_a_pair_turned_round_and_few_of_many():
    cut = cut_pair_texts(["red blue " + " ".join(f"w{i}" for i in range(9)), "green " + " ".join("abcdefghi")])
    weights = np.arange(1.0, 1 + len(cut.words))
    for directed in (False, True):
        how = Crossing(directed, 16, 99)
        there, back = (crosses_of(cut, np.array([pair]), weights, how) for pair in ([0, 1], [1, 0]))
        assert np.array_equal(np.sort(there.indices), np.sort(back.indices)) != directed
    few = Crossing(False, 16, 3)
    crossed = [name for kind, name in named_crosses(cut, (0, 1), weights, few) if kind == "crossed"]
    assert crossed == [f"{a} | {b}" for a in ("w8", "w7", "w6") for b in "ihg"]
    assert crosses_of(cut, np.array([[0, 1]]), weights, few).bounds[0, 2:].tolist() == [[21, 30], [30, 30], [30, 49]]
