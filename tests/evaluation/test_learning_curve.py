from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

import kinfold as kf
from kinfold.data.splits import text_key
from kinfold.evaluation import learning_run
from kinfold.evaluation.learning_curve import learning_curve
from kinfold.evaluation.nested import doubling_sizes, nested_order, part


class Lawful:
    """Right on a text unless a number that hangs on the text is below floor + scale * n ** -rate."""

    learned: list[tuple[list[str], int]] = []  # noqa: RUF012

    def __init__(self, *, floor=0.1, scale=2.0, rate=0.5, random_state=0):
        self.floor, self.scale, self.rate, self.random_state = floor, scale, rate, random_state

    def get_params(self, deep=True):
        return {name: getattr(self, name) for name in ("floor", "scale", "rate", "random_state")}

    def fit(self, texts, labels):
        self.classes_, self.n = sorted(set(labels)), len(texts)
        Lawful.learned.append((list(texts), self.random_state))
        return self

    def predict(self, texts):
        error = self.floor + self.scale * self.n**-self.rate
        answers = []
        for text in texts:
            number = int(hashlib.md5(f"{text} {self.random_state % 2}".encode()).hexdigest()[:8], 16) / 16**8
            label = text.split()[0]
            answers.append(label if number >= error else next(c for c in self.classes_ if c != label))
        return answers

    def predict_proba(self, texts):
        answers = self.predict(texts)
        return np.array([[0.9 if name == answer else 0.1 for name in self.classes_] for answer in answers])


def rows_of(n, classes=("no", "yes"), groups=None):
    labels = [classes[i % len(classes)] for i in range(n)]
    return kf.Examples([f"{label} text {i}" for i, label in enumerate(labels)], labels, groups=groups)


@pytest.fixture(scope="module")
def two():
    """A steep model that begins behind, and a flat one: equal where 0.05 + 8 n^-.5 is 0.14 + 2 n^-.5, at 4,444 rows."""
    models = {"flat": Lawful(floor=0.14), "steep": Lawful(floor=0.05, scale=8.0)}
    return learning_curve(models, rows_of(6000), test=0.5)


def test_it_says_what_doubling_brings_and_who_overtakes(two):
    assert two.models["flat"].sizes == (93, 187, 375, 750, 1500, 3000)
    assert two.models["flat"].means[-1] == pytest.approx(1 - 0.14 - 2 / 3000**0.5, abs=0.02)
    for name, floor, scale in (("flat", 0.14, 2), ("steep", 0.05, 8)):
        told = two.doubled[name]
        assert told.score.low <= 1 - floor - scale / 6000**0.5 <= told.score.high
        assert told.score.high - told.score.low < 0.06
        assert told.gain.low <= scale / 3000**0.5 - scale / 6000**0.5 <= told.gain.high
    (crossing,) = two.crossings
    assert crossing.name == "steep" and crossing.other == "flat"
    assert crossing.low <= 4444 and (crossing.high is None or crossing.high >= 4444)
    assert 3000 < crossing.rows < 12000 and crossing.share > 0.5
    text = " ".join(two.sentences())
    assert "steep would overtake flat at about" in text and "more than 4 times" in text and "minutes on 6,000" in text


def test_it_says_so_where_one_never_overtakes_or_is_ahead_from_the_first():
    models = {"good": Lawful(floor=0.02), "bad": Lawful(floor=0.3), "best": Lawful(floor=0.0, scale=0.5)}
    curve = learning_curve(models, rows_of(2000))
    behind, ahead = curve.crossings
    assert behind.rows is None and behind.share < 0.05 and "does not overtake" in str(curve)
    assert ahead.rows == ahead.first and "best is ahead of good from" in str(curve)


def test_it_refuses_to_say_more_than_four_times_the_rows(two):
    assert two.at("flat", 12000).rows == 12000
    for name, rows in (("flat", 12001), ("flat", 10), ("other", 3000)):
        with pytest.raises(kf.InvalidParameterError) as error:
            two.at(name, rows)
        assert error.value.code == "U-017"


def test_subsets_are_nested_and_test_rows_are_in_none():
    Lawful.learned.clear()
    learning_curve({"one": Lawful()}, rows_of(900), n_seeds=4, seed=7)
    by_seed = {}
    for texts, seed in Lawful.learned:
        by_seed.setdefault(seed, []).append(texts)
    assert sorted(by_seed) == [7, 8, 9, 10]
    for subsets in by_seed.values():
        assert all(small == large[: len(small)] for small, large in pairwise(subsets))
    assert len({tuple(subsets[0]) for subsets in by_seed.values()}) == 4
    assert len({frozenset(subsets[-1]) for subsets in by_seed.values()}) == 1


@pytest.mark.parametrize("size", [40, 100, 333])
def test_a_beginning_has_the_shares_of_the_labels(size):
    labels = ["a"] * 600 + ["b"] * 300 + ["c"] * 100
    random = np.random.default_rng(0)
    labels = [labels[i] for i in random.permutation(1000)]
    order = nested_order(labels, np.arange(1000), 5)
    assert sorted(order.tolist()) == list(range(1000))
    counts = Counter(labels[i] for i in order[:size])
    assert all(abs(counts[name] - share * size) <= 1 for name, share in (("a", 0.6), ("b", 0.3), ("c", 0.1)))


def test_groups_follow_one_another_and_stay_on_one_side():
    groups = [f"g{i // 6}" for i in range(600)]
    parts = part(rows_of(600, groups=groups), 0.3, by_group=True, seed=0)
    learned = {groups[int(text.split()[-1])] for text in parts.texts}
    assert learned.isdisjoint({groups[int(text.split()[-1])] for text in parts.test_texts})
    order = parts.units[nested_order(parts.labels, parts.units, 1)]
    assert (np.diff(order) != 0).sum() == len(learned) - 1


def test_rows_that_share_a_text_with_the_test_rows_are_left_out():
    rows, test = rows_of(300), rows_of(400)
    shared = kf.Examples([*rows.texts[:200], *test.texts[300:]], [*rows.labels[:200], *test.labels[300:]])
    other = kf.Examples([text.upper() for text in test.texts[300:]], test.labels[300:])
    parts = part(shared, other, by_group=True, seed=0)
    assert parts.n_shared == 100 and len(parts.texts) == 200
    assert not {text_key(text) for text in parts.texts} & {text_key(text) for text in other.texts}
    with pytest.raises(kf.DataError) as error:
        part(other, other, by_group=True, seed=0)
    assert error.value.code == "D-101"


def test_sizes_double_up_to_all_rows():
    assert doubling_sizes(1000, 2) == (62, 125, 250, 500, 1000)
    assert doubling_sizes(100_000, 2) == (3125, 6250, 12500, 25000, 50000, 100_000)
    assert doubling_sizes(500, 2, [400, 100, 200]) == (100, 200, 400)
    for sizes in ([100, 200], [100, 100, 200], [1, 100, 200], [100, 200, 501]):
        with pytest.raises(kf.InvalidParameterError) as error:
            doubling_sizes(500, 2, sizes)
        assert error.value.code == "U-019"


@pytest.mark.parametrize(
    ("n", "options", "code"),
    [
        (150, {}, "D-100"),
        (60, {}, "D-101"),
        (400, {"n_seeds": 2}, "U-019"),
        (400, {"metric": "log_loss"}, "U-019"),
        (400, {"minutes": 0.0}, "U-019"),
        (400, {"level": 1.0}, "U-019"),
        (400, {"test": 1.5}, "U-019"),
    ],
)
def test_what_can_not_be_done_is_refused(n, options, code):
    with pytest.raises(kf.KinfoldError) as error:
        learning_curve({"one": Lawful()}, rows_of(n), **options)
    assert error.value.code == code


class Clock:
    """A clock that goes on by what each training costs."""

    def __init__(self, monkeypatch, cost):
        self.now = 0.0
        monkeypatch.setattr(learning_run.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(learning_run.time, "perf_counter", lambda: self.now)
        fit = Lawful.fit

        def slow(model, texts, labels):
            self.now += cost * len(texts)
            return fit(model, texts, labels)

        monkeypatch.setattr(Lawful, "fit", slow)


def test_a_time_limit_ends_with_the_largest_size_that_is_affordable(monkeypatch):
    Clock(monkeypatch, 0.01)
    # All sizes cost 3 x 0.01 s a row: 2,800 rows and their halves would take 167 s.
    curve = learning_curve({"one": Lawful()}, rows_of(4000), minutes=2.5)
    one = curve.models["one"]
    assert one.sizes[-2] == 1400 and 1400 * 1.25 <= one.sizes[-1] < 2800
    assert one.seconds.sum() <= 150 and one.stopped and "one stops at" in str(curve)
    assert one.times.power == pytest.approx(1, abs=0.01)
    with pytest.raises(kf.InvalidParameterError) as error:
        learning_curve({"one": Lawful()}, rows_of(4000), minutes=0.05, sizes=[700, 1400, 2800])
    assert error.value.code == "U-018" and "minutes" in error.value.fix


def test_progress_knows_what_is_left(monkeypatch):
    Clock(monkeypatch, 0.01)
    told = []
    learning_curve({"a": Lawful(), "b": Lawful()}, rows_of(2000), progress=lambda *one: told.append(one))
    shares = [share for _, share in told if share is not None]
    assert told[-1] == ("done", 1.0) and shares[-2] > 0.5
    assert all(0 <= share <= 1 for share in shares) and shares[-12:] == sorted(shares[-12:])


def test_json_pages_and_pictures_hold_it_all(two):
    shape = json.loads(json.dumps(two.to_dict(), allow_nan=False))
    assert {"sizes", "scores", "fits", "bands", "verdicts", "minutes", "crossings", "doubled"} <= set(shape)
    assert np.array(shape["scores"]["flat"]).shape == (6, 3) == np.array(shape["minutes"]["flat"]).shape
    assert shape["fits"]["flat"]["error"].keys() == {"a", "b", "c"} and len(shape["bands"]["steep"]) == 8
    assert all(band["low"] <= band["value"] <= band["high"] for band in shape["bands"]["flat"])
    page, picture = two.html("A <b> title"), two.svg()
    assert "A &lt;b&gt; title" in page and "<script" not in page and page.count("<svg") == 1
    assert two.sentences()[0] in page and picture.startswith("<svg") and "</svg>" in picture
    assert not re.findall(r'(?:x|y|cx|cy)="(?:nan|inf)', picture) and picture.count("<circle") == 36
    assert "<table" in two._repr_html_() and "forecast: " in str(two)


def test_several_labels_a_row_and_probabilities_work(toy_classifier):
    class Toy(toy_classifier):
        def get_params(self, deep=True):
            return {"sure": self.sure}

    random = np.random.default_rng(0)
    labels = [tuple(name for name in ("red", "blue") if random.random() < 0.5) for _ in range(400)]
    texts = [f"{' '.join(label)} thing{random.integers(9)} no{i}" for i, label in enumerate(labels)]
    many = learning_curve({"toy": Toy()}, kf.Examples(texts, labels))
    assert many.metric == "f1" and 0 < many.models["toy"].means[-1] <= 1
    ranked = learning_curve({"toy": Lawful()}, rows_of(400), metric="auc")
    assert ranked.metric == "auc" and ranked.models["toy"].means[-1] > 0.5


def test_the_same_seed_gives_the_same_curve():
    one, two = (learning_curve({"one": Lawful()}, rows_of(400), seed=3).to_dict() for _ in range(2))
    assert {**one, "minutes": 0, "fits": 0, "doubled": 0, "verdicts": 0} == {
        **two,
        "minutes": 0,
        "fits": 0,
        "doubled": 0,
        "verdicts": 0,
    }
