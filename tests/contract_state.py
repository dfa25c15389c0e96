"""Contract: learning more, saving and loading, explaining, and being a guest of scikit-learn."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from contract_answers import AWKWARD, LABELS
from contract_kit import many_labels, refused, rows, same_array, same_state, sure, texts_of, three, words_of
from kinfold.artifacts.store import load, save
from kinfold.errors import DataError, InvalidParameterError, NotFittedError

_CHILD = """
import json, sys
from kinfold.artifacts.store import load
texts = json.load(sys.stdin)
for path in sys.argv[1:]:
    model = load(path)
    answers = model.predict(texts)
    print(json.dumps([model.predict_proba(texts).tobytes().hex(), answers, list(model.classes_)]))
"""


@cache
def all_kinds(make):
    """Return fitted classifiers of two, three, oddly named and several labels; made once, not to be changed."""
    texts, labels = rows()
    found = {
        "two": make().fit(texts, labels),
        "three": make().fit(*three()),
        "names": make().fit(*rows(LABELS, (8, 6))),
        "several": make().fit(*many_labels()),
        "few": make().fit(["good fun", "bad fun", "good day"], ["good", "bad", "good"]),
    }
    if "costs" in make().get_params(deep=False):
        found["costs"] = make(costs={"bad": {"good": 4.0}}, abstain_cost=0.4).fit(texts, labels)
    if hasattr(make(), "partial_fit"):
        found["more"] = make().fit(texts, labels).partial_fit(*three(seed=3))
    return found


def check_partial_fit_on_nothing_is_fit(make):
    texts, labels = three()
    estimator = make()
    assert estimator.partial_fit(texts, labels) is estimator
    assert same_state(estimator.get_state(), make().fit(texts, labels).get_state())


def check_partial_fit_learns_new_words(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    before = fitted.predict_proba(["blanquette"])[0, 1]
    more = [f"blanquette {word} day" for word in ("was", "it", "the", "then", "so", "of")]
    fitted.partial_fit(more, ["good"] * 6)
    assert fitted.predict_proba(["blanquette"])[0, 1] > before + 0.05
    assert fitted.predict([sure(0), sure(1)]) == ["bad", "good"]


def check_partial_fit_learns_new_labels(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    fitted.partial_fit(texts_of(2, 14), ["a third"] * 14)
    assert list(fitted.classes_) == ["a third", "bad", "good"]
    assert fitted.predict([sure(2), sure(0), sure(1)]) == ["a third", "bad", "good"]
    p = fitted.predict_proba(texts)
    assert p.shape == (len(texts), 3) and np.allclose(p.sum(axis=1), 1)
    fitted.partial_fit(texts_of(3, 14), ["fourth"] * 14)
    assert fitted.predict([sure(3), sure(2), sure(0), sure(1)]) == ["fourth", "a third", "bad", "good"]


def check_partial_fit_keeps_what_was_learned(make):
    """After rows of a new label alone, rows of the old ones are still told apart."""
    texts, labels = rows(n=(50, 40))
    fitted = make().fit(texts, labels)
    new_texts, new_labels = rows(n=(50, 40), seed=6)
    before = fitted.score(new_texts, new_labels)
    fitted.partial_fit(texts_of(2, 40), ["odd"] * 40)
    assert fitted.score(new_texts, new_labels) >= before - 0.05


def check_partial_fit_with_several_labels(make):
    fitted = make().fit(*many_labels())
    fitted.partial_fit(texts_of(3, 14), [("new",)] * 14)
    assert list(fitted.classes_) == ["bad", "good", "new", "odd"]
    assert fitted.predict([sure(3), sure(0)]) == [("new",), ("bad",)]
    refused(DataError, lambda: fitted.partial_fit(*rows()))
    refused(DataError, lambda: make().fit(*rows()).partial_fit(*many_labels()))


def check_partial_fit_twice_the_same(make):
    texts, labels = rows()
    states = [make().fit(texts, labels).partial_fit(*three(seed=2)).get_state() for _ in range(2)]
    assert same_state(*states)


def check_partial_fit_of_no_rows_changes_nothing_much(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    before = fitted.predict_proba(texts)
    fitted.partial_fit([], [])
    assert np.abs(fitted.predict_proba(texts) - before).max() < 0.1


def check_failed_partial_fit_changes_nothing(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    before = fitted.get_state()
    refused(DataError, lambda: fitted.partial_fit([*texts, None], [*labels, "good"]))
    refused(DataError, lambda: fitted.partial_fit(texts, [*labels[:-1], 5]))
    assert same_state(fitted.get_state(), before)


def check_partial_fit_goes_on_after_loading(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    with tempfile.TemporaryDirectory() as folder:
        save(fitted, Path(folder) / "model")
        loaded = load(Path(folder) / "model")
    more = three(seed=2)
    assert same_state(loaded.partial_fit(*more).get_state(), fitted.partial_fit(*more).get_state())


def check_state_round_trip(make):
    texts = [*rows(seed=4)[0], *AWKWARD.values()]
    for fitted in all_kinds(make).values():
        state = fitted.get_state()
        values = json.loads(json.dumps(state.values))
        copied = type(state)({k: v.copy() for k, v in state.arrays.items()}, dict(state.vocabularies), values)
        restored = type(fitted)(**fitted.get_params(deep=False)).set_state(copied)
        assert same_state(restored.get_state(), state)
        assert same_array(restored.predict_proba(texts), fitted.predict_proba(texts))
        assert restored.predict(texts) == fitted.predict(texts)


def check_layout_describes_the_state(make):
    for fitted in all_kinds(make).values():
        state = fitted.get_state()
        sizes = {name: text.count(b"\n") for name, text in state.vocabularies.items()}
        wanted = type(fitted).layout(fitted.get_params(deep=False), state.values, sizes)
        assert wanted == {name: (str(array.dtype), array.shape) for name, array in state.arrays.items()}
        for text in state.vocabularies.values():
            assert text.decode().endswith("\n") and b"\n\n" not in text and not text.startswith(b"\n")


def check_artifact_in_a_fresh_process(make):
    """What is saved and loaded by another process answers the same to the last bit."""
    texts = [*rows(seed=4)[0], *(text for text in AWKWARD.values() if text.isprintable())]
    with tempfile.TemporaryDirectory() as folder:
        models = all_kinds(make)
        paths = [str(Path(folder) / name) for name in models]
        for path, fitted in zip(paths, models.values(), strict=True):
            save(fitted, path)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", _CHILD, *paths],
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    for line, (name, fitted) in zip(done.stdout.splitlines(), models.items(), strict=True):
        p, answers, classes = json.loads(line)
        assert p == fitted.predict_proba(texts).tobytes().hex(), name
        assert classes == list(fitted.classes_)
        assert [tuple(a) if isinstance(a, list) else a for a in answers] == fitted.predict(texts)


def check_probe_outputs_are_numbers_that_tell_models_apart(make):
    one, other = make().fit(*rows()), make().fit(*rows(seed=5, n=(12, 30)))
    texts = [sure(0), ""]
    outputs = one.probe_outputs(texts)
    assert outputs.ndim == 2 and len(outputs) == 2 and np.isfinite(outputs).all()
    assert np.abs(outputs - other.probe_outputs(texts)).max() > 1e-3


def check_explanations_add_up(make):
    for name, fitted in all_kinds(make).items():
        awkward = AWKWARD.values() if name == "two" else ()
        for text in [*rows(seed=7)[0][:2], sure(0) + " " + sure(1), "the the THE <b>the</b>", "", *awkward]:
            p = fitted.predict_proba([text])[0]
            scores = np.atleast_2d(fitted.decision_function([text]).T).T[0]
            for c, label in enumerate(fitted.classes_):
                told = fitted.explain(text, label)
                total = told.intercept + sum(part.weight for part in told.contributions)
                assert abs(told.score - total - told.remainder) <= 1e-9, (name, text)
                assert told.kind == "occlusion" or abs(told.remainder) <= 1e-9, (name, text)
                binary = len(scores) < len(fitted.classes_)
                score = scores[0] * (2 * c - 1) if binary else scores[c]
                if told.kind == "occlusion" and not binary and not fitted.multilabel_:
                    score = np.log(p[c]) - np.log1p(-p[c])
                assert abs(told.score - score) <= 1e-5 * max(1.0, abs(score))
                assert abs(told.probability - p[c]) <= 1e-12 and told.label == label
                assert "".join(piece for piece, _ in told.segments()) == told.text


def check_explanations_point_at_the_words(make):
    fitted = make().fit(*rows())
    told = fitted.explain("There was <b>" + words_of(1)[0].upper() + "</b> of the day")
    assert told.label == "good"
    piece, heat = max(told.segments(), key=lambda segment: segment[1])
    assert words_of(1)[0] in piece.lower() and heat > 0
    weights = [abs(part.weight) for part in told.contributions]
    assert weights == sorted(weights, reverse=True)
    assert json.loads(json.dumps(told.to_dict()))["label"] == "good"
    assert "&lt;" in fitted.explain("1 < 2 &lt;script&gt;")._repr_html_()
    refused(InvalidParameterError, lambda: fitted.explain("good", "nobody"))
    refused(DataError, lambda: fitted.explain(None))


def check_top_ngrams_are_the_planted_words(make):
    for fitted, labels in ((make().fit(*rows(n=(40, 30))), 2), (make().fit(*rows("abc", n=(40, 30))), 3)):
        for k in range(labels):
            top = fitted.top_ngrams(fitted.classes_[k], 12)
            weights = [weight for _, weight in top]
            assert len(top) == 12 and weights == sorted(weights, reverse=True) and weights[-1] > 0
            assert {name for name, _ in top[:4]} == set(words_of(k)), top
        assert len(fitted.top_ngrams(fitted.classes_[0], 10_000)) > 12
        refused(InvalidParameterError, lambda f=fitted: f.top_ngrams("nobody"))


def check_deep_copy_lives_by_itself(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    before = fitted.predict_proba(texts)
    other = copy.deepcopy(fitted)
    assert same_state(other.get_state(), fitted.get_state())
    if hasattr(other, "partial_fit"):
        other.partial_fit(texts_of(2, 9), ["new"] * 9)
    else:
        other.fit([*texts, *texts_of(2, 9)], [*labels, *["new"] * 9])
    assert same_array(fitted.predict_proba(texts), before) and list(fitted.classes_) == ["bad", "good"]


def check_scikit_learn_can_drive_it(make):
    texts, labels = rows(n=(30, 24))
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    assert cross_val_score(make(), texts, labels, cv=folds).min() > 0.8
    assert cross_val_score(make(), texts, labels, cv=folds, scoring="roc_auc").min() > 0.9
    assert cross_val_score(make(), np.array(texts), np.array(labels), cv=folds, scoring="f1_macro").min() > 0.8
    piped = Pipeline([("model", make())]).fit(texts, labels)
    assert list(piped.predict([sure(0), sure(1)])) == ["bad", "good"]
    searched = GridSearchCV(make(), {"random_state": [0, 1]}, cv=folds).fit(texts, labels)
    assert searched.best_score_ > 0.8


def check_scikit_learn_knows_whether_it_is_fitted(make):
    try:
        check_is_fitted(make())
    except Exception as error:
        assert type(error).__name__ == "NotFittedError"
    else:
        raise AssertionError("check_is_fitted let an unfitted one pass")
    check_is_fitted(make().fit(*rows()))
    refused(NotFittedError, lambda: make().predict(["good"]))


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_") and name != "check_is_fitted"]
