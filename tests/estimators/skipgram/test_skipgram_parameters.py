"""Every parameter of `SkipGram` is stored as given, matters, and is refused by name where it can't be used."""

from __future__ import annotations

import inspect
import re
from fractions import Fraction
from html import escape
from pathlib import Path

import numpy as np
import pytest
from planted import nothing, same_model, small, topics
from sklearn.base import clone

import kinfold
from kinfold.errors import InvalidParameterError
from kinfold.estimators.base import TextEstimator
from kinfold.estimators.presets import SKIPGRAM
from kinfold.estimators.registry import REGISTRY, estimator_class
from kinfold.estimators.skipgram.estimator import SkipGram

TEXTS = [f"{text} The End." if i % 7 == 0 else text for i, text in enumerate(topics(1000))] + ["once"]
#: Parameter -> a value that is not the default, and what else it needs to be seen.
OTHER_VALUES = {
    "dim": (24, {}),
    "window": (2, {}),
    "negatives": (3, {}),
    "min_count": (2, {}),
    "sample": (1e-2, {}),
    "epochs": (2, {}),
    "architecture": ("cbow", {}),
    "learning_rate": (0.01, {}),
    "power": (0.0, {}),
    "max_words": (7, {}),
    "shrink_window": (False, {}),
    "shared_negatives": (16, {}),
    "subwords": ((2, 3), {}),
    "buckets": (40, {"subwords": (2, 3)}),
    "average": (True, {}),
    "shared_table": (True, {}),
    "deterministic": (True, {}),
    "valid": (0.2, {}),
    "patience": (1, {"valid": 0.2, "learning_rate": 0.1, "epochs": 12}),
    "replicas": (1, {}),
    "tokenizer": ("spaces", {}),
    "random_state": (7, {}),
}
#: What may change how fast something is learned, never what.
ONLY_SPEED = {"n_threads": (3, {"deterministic": True}), "device": ("auto", {"deterministic": True})}
WRONG_VALUES = {
    "dim": [0, -1, 1.5, True, "many", None],
    "window": [0, 1001, 10**12, 2.0, None],
    "negatives": [0, 1.5, None],
    "min_count": [0, -3, None],
    "sample": [-1e-3, float("nan"), float("inf"), "some", None],
    "epochs": [0, True, None],
    "architecture": ["skipgram", "CBOW", None, 1],
    "learning_rate": [0, 0.0, -1, float("nan"), float("inf"), None],
    "power": [-0.5, float("nan"), float("inf"), None],
    "max_words": [0, 1, -1, 2.5],
    "shrink_window": [1, "yes", None],
    "shared_negatives": [0, 4, 12, 64.0, None],
    "subwords": [(0, 3), (4, 3), (3, 21), (3,), 3, "36", (3.0, 6), (True, 3), ()],
    "buckets": [0, -1, 1.5],
    "average": [1, None, "mean"],
    "shared_table": [0, None],
    "deterministic": ["no", None, 1],
    "valid": [-0.1, 1, 1.0, float("nan"), None],
    "patience": [0, 1.5, True],
    "replicas": [-1, 1.5, None],
    "tokenizer": ["letters", None, 3],
    "device": ["gpu", "cuda:0", None],
    "n_threads": [0, -1, 1.5],
    "random_state": [-1, 1.5, 1 << 62, "seed"],
}
DEFAULTS = {name: p.default for name, p in inspect.signature(SkipGram).parameters.items()}


def test_the_tables_here_are_complete():
    assert OTHER_VALUES.keys() | ONLY_SPEED.keys() == WRONG_VALUES.keys() == DEFAULTS.keys()


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_each_changes_what_is_learned(name):
    value, needed = OTHER_VALUES[name]
    texts = nothing() if name == "patience" else TEXTS
    usual, other = small(**needed).fit(texts), small(**needed | {name: value}).fit(texts)
    assert same_model(usual, other) == (name == "average")  # what is learned, or only what is made of it
    left, right = usual.vectors_, other.vectors_
    if name == "replicas":
        assert left.vectors.tobytes() == right.vectors.tobytes() and len(right.replicas) == 1
    elif left.words == right.words and left.dim == right.dim:
        assert np.abs(left.vectors - right.vectors).max() > 1e-3


@pytest.mark.parametrize("name", ONLY_SPEED)
def test_some_change_only_how_fast(name):
    value, needed = ONLY_SPEED[name]
    assert same_model(small(**needed | {name: value}).fit(TEXTS), small(**needed).fit(TEXTS))


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in WRONG_VALUES.items() for v in values], ids=str)
def test_a_wrong_value_is_refused_by_name(name, value):
    needed = {"valid": 0.2} if name == "patience" else {}
    model = small(**needed | {name: value})  # the constructor takes anything
    with pytest.raises(InvalidParameterError, match=f"`{name}` must be") as caught:
        model.fit(TEXTS)
    assert repr(value) in caught.value.seen


def test_what_does_not_go_together():
    with pytest.raises(InvalidParameterError, match="`shared_table` and `subwords`"):
        small(shared_table=True, subwords=(2, 3)).fit(TEXTS)
    with pytest.raises(InvalidParameterError, match="`patience` needs"):
        small(patience=2).fit(TEXTS)


def test_parameters_are_checked_before_anything_is_read():
    with pytest.raises(InvalidParameterError):
        small(dim=0).fit(iter(lambda: pytest.fail("it was read"), None))


def test_what_each_is_there_for():
    counts = {word: n for n, word in ((40, "often"), (9, "some"), (2, "rare"))}
    texts = ["often often"] * 15 + ["often some"] * 9 + ["often rare"]  # counts 40, 9, 1
    assert small(max_words=2).fit(texts).vectors_.words == [*counts][:2]
    assert small(min_count=2).fit(texts).vectors_.words == ["often", "some"]
    assert small(tokenizer="spaces").fit(["A b!", "A b!"]).vectors_.words == ["A", "b!"]
    assert small(subwords=(2, 3), buckets=33).fit(texts).get_state().arrays["buckets"].shape == (33, 16)
    options = small(sample=0.01, power=0.5)._options()
    np.testing.assert_allclose(options.keep(np.array([9900, 99, 1])), [0.01 / 0.99 + (0.01 / 0.99) ** 0.5, 1, 1])
    np.testing.assert_allclose(options.noise(np.array([9, 4, 1])), [3 / 6, 2 / 6, 1 / 6])
    np.testing.assert_allclose(options.rates(np.array([0, 0.5, 1.0])), [0.025, 0.0125, 0.025e-4])
    noise = options.draws(np.array([9_000_000, 4_000_000, 1])).noise
    share = np.bincount(noise) / len(noise)
    np.testing.assert_allclose(share[:2], [0.6, 0.4], atol=1e-3)
    assert noise.dtype == np.int32 and share[2] > 0  # the rarest can be drawn, too
    assert small(power=400.0)._options().noise(np.array([10**9, 3])).tolist() == [1.0, 0.0]


def test_numbers_of_other_kinds_will_do():
    odd = small(dim=np.int64(16), epochs=np.int32(5), window=np.int16(5), learning_rate=np.float64(0.025))
    odd.set_params(sample=np.float32(0), shrink_window=np.bool_(True), random_state=np.int64(0), subwords=None)
    assert same_model(odd.fit(TEXTS), small().fit(TEXTS))
    fractions = small(learning_rate=Fraction(1, 40), subwords=[2, 3], buckets=20)
    assert same_model(fractions.fit(TEXTS), small(subwords=(2, 3), buckets=20).fit(TEXTS))


def test_the_contract_of_an_estimator():
    assert issubclass(SkipGram, TextEstimator) and SkipGram.task == "embed" and kinfold.SkipGram is SkipGram
    assert REGISTRY["SkipGram"] == "kinfold.estimators.skipgram.estimator" and estimator_class("SkipGram") is SkipGram
    given = {name: object() for name in DEFAULTS}
    model = SkipGram(**given)
    assert vars(model) == given and model.get_params() == given  # stored as they are, and nothing else
    assert SkipGram().get_params() == DEFAULTS
    with pytest.raises(TypeError):
        SkipGram(100)
    with pytest.raises(InvalidParameterError, match="no parameter of this name") as caught:
        model.set_params(negative=3)
    assert "negatives" in caught.value.fix
    assert model.set_params(dim=3) is model and model.dim == 3


def test_named_sets_of_parameters():
    assert SkipGram.preset("skip-gram").get_params() == DEFAULTS
    for name, given in SKIPGRAM.items():
        model = SkipGram.preset(name, dim=24)
        assert model.get_params() == DEFAULTS | given | {"dim": 24}
        model._options()  # which checks them
    with pytest.raises(InvalidParameterError, match="no settings of this name") as caught:
        SkipGram.preset("word2vec")
    assert all(name in caught.value.fix for name in SKIPGRAM)


def test_every_code_of_an_error_is_in_its_page():
    root = Path(kinfold.__file__).parents[2]
    sources = [*root.glob("src/kinfold/estimators/skipgram/*.py"), root / "src/kinfold/text/corpus.py"]
    used = {code for path in sources for code in re.findall(r'"([A-Z]-\d+)"', path.read_text("utf-8"))}
    page = (root / "docs" / "errors.md").read_text("utf-8")
    assert used >= {"T-001", "T-002", "T-003", "T-004", "T-005", "M-012"}
    assert sorted(code for code in used if f"| {code} |" not in page) == []


def test_copies_and_how_it_shows():
    model = SkipGram(dim=24, subwords=(2, 3), n_threads=1, device="cpu", random_state=0).fit(TEXTS)
    copied = clone(model)
    assert copied.get_params() == model.get_params() and not hasattr(copied, "vectors_")
    assert repr(SkipGram()) == "SkipGram()" and repr(SkipGram(dim=7, sample=0)) == "SkipGram(dim=7, sample=0)"
    assert repr(model) == "SkipGram(dim=24, subwords=(2, 3), device='cpu', n_threads=1, random_state=0)"
    assert model._repr_html_() == f"<code>{escape(repr(model))}</code>"
    assert model.fit(TEXTS) is model
    assert model.get_params() == copied.get_params()  # fitting leaves them alone
