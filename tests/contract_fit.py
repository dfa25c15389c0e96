"""Contract: what `fit` leaves alone, what it forgets, and that the same rows always teach the same."""

from __future__ import annotations

import random

import numpy as np

from contract_kit import many_labels, refused, rows, same_array, same_state, sure, three
from kinfold.errors import DataError, NotFittedError


def check_fit_returns_self(make):
    texts, labels = rows()
    estimator = make()
    assert estimator.fit(texts, labels) is estimator


def check_fit_leaves_its_inputs_alone(make):
    texts, labels = many_labels()
    kept = list(texts), list(labels)
    make().fit(texts, labels)
    assert (texts, labels) == kept
    frozen = np.array(rows()[0], object)
    frozen.flags.writeable = False
    make().fit(frozen, np.array(rows()[1]))


def check_not_fitted(make):
    """Every public method that needs a model says that there is none."""
    texts, labels = rows()
    calls = {
        "predict": (texts,),
        "predict_proba": (texts,),
        "decision_function": (texts,),
        "score": (texts, labels),
        "answers": (np.full((1, 2), 0.5),),
        "choose_threshold": (texts, labels),
        "explain": (texts[0],),
        "top_ngrams": ("good",),
        "get_state": (),
        "probe_outputs": (texts,),
    }
    for name, arguments in calls.items():
        if hasattr(type(make()), name):
            method = getattr(make(), name)
            assert "fit" in refused(NotFittedError, lambda m=method, a=arguments: m(*a)), name


def check_refit_forgets(make):
    estimator = make().fit(*three(seed=5))
    texts, labels = rows(("no", "yes"))
    assert same_state(estimator.fit(texts, labels).get_state(), make().fit(texts, labels).get_state())
    assert list(estimator.classes_) == ["no", "yes"]


def check_same_seed_same_result(make):
    for texts, labels in (rows(), three(), many_labels()):
        one, other = make().fit(texts, labels), make().fit(texts, labels)
        assert same_state(one.get_state(), other.get_state())
        assert same_array(one.predict_proba(texts), other.predict_proba(texts))


def check_global_random_state_untouched(make):
    texts, labels = rows()
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tobytes()  # noqa: NPY002
    make().fit(texts, labels).predict(texts)
    assert before == (random.getstate(), np.random.get_state()[1].tobytes())  # noqa: NPY002


def check_global_random_state_does_not_matter(make):
    texts, labels = rows()
    states = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        states.append(make().fit(texts, labels).get_state())
    assert same_state(*states)


def check_number_of_threads_does_not_matter(make):
    for texts, labels in (rows(), three(), many_labels()):
        one, two = (make(n_threads=n).fit(texts, labels) for n in (1, 2))
        assert same_state(one.get_state(), two.get_state())
        assert same_array(one.predict_proba(texts * 30), two.predict_proba(texts * 30))


def check_planted_words_are_learned(make):
    """Rows of equal kind as those learned, and texts of planted words alone, get the right answer."""
    for make_rows, labels in ((rows, ["bad", "good"]), (three, ["bad", "good", "odd"])):
        texts, answers = make_rows()
        fitted = make().fit(texts, answers)
        new_texts, new_answers = make_rows(seed=9)
        assert fitted.score(new_texts, new_answers) >= 0.9
        assert fitted.predict([sure(k) for k in range(len(labels))]) == labels


def check_list_tuple_array_and_series_are_the_same(make):
    texts, labels = rows()

    class Series:
        """As much of pandas as a caller of ours may rely on: its index does not start at 0."""

        def __init__(self, values):
            self.values = dict(enumerate(values, start=100))

        def __len__(self):
            return len(self.values)

        def __iter__(self):
            return iter(self.values.values())

        def __getitem__(self, key):
            return self.values[key]

    wanted = make().fit(texts, labels)
    for kind in (tuple, np.array, lambda values: np.array(values, object), Series):
        fitted = make().fit(kind(texts), kind(labels))
        assert same_state(fitted.get_state(), wanted.get_state())
        assert fitted.predict(kind(texts)) == wanted.predict(texts)
        assert all(type(label) is str for label in (*fitted.classes_, *fitted.predict(texts[:2])))


def check_one_string_is_no_list_of_texts(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    for action in (
        lambda: make().fit("good", list("good")),
        lambda: fitted.predict("good"),
        lambda: fitted.predict_proba("good"),
        lambda: getattr(fitted, "partial_fit", fitted.fit)("good", list("good")),
        lambda: fitted.predict(None),
        lambda: make().fit(None, labels),
    ):
        assert "sequence of strings" in refused(DataError, action)


def check_text_that_is_no_string_is_named_by_row(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    for wrong in (None, float("nan"), 7, b"bytes", ["nested"]):
        broken = [*texts[:11], wrong, *texts[12:]]
        for action in (
            lambda b=broken: make().fit(b, labels),
            lambda b=broken: fitted.predict(b),
            lambda b=broken: getattr(fitted, "partial_fit", fitted.fit)(b, labels),
        ):
            message = refused(DataError, action)
            assert "11" in message and type(wrong).__name__ in message, message
    assert "5003" in refused(DataError, lambda: fitted.predict([*["good"] * 5003, None]))


def check_number_of_labels_must_match(make):
    texts, labels = rows()
    message = refused(DataError, lambda: make().fit(texts, labels[:-1]))
    assert str(len(texts)) in message and str(len(texts) - 1) in message
    fitted = make().fit(texts, labels)
    refused(DataError, lambda: getattr(fitted, "partial_fit", fitted.fit)(texts, labels[1:]))


def check_labels_that_are_no_strings_are_refused(make):
    texts, labels = rows()
    for wrong in (1, None, 2.5, True, float("nan"), b"good", {"good": 1}):
        broken = [*labels[:7], wrong, *labels[8:]]
        assert "row 7" in refused(DataError, lambda b=broken: make().fit(texts, b))
    mixed = [("good",), *labels[1:]]
    refused(DataError, lambda: make().fit(texts, mixed))
    refused(DataError, lambda: make().fit(texts, [(1,)] * len(texts)))


def check_one_label_is_refused(make):
    texts, _ = rows()
    assert "good" in refused(DataError, lambda: make().fit(texts, ["good"] * len(texts)))


def check_no_rows_are_refused(make):
    refused(DataError, lambda: make().fit([], []))
    refused(DataError, lambda: make().fit([""] * 30, ["bad", "good", "bad"] * 10))


def check_progress_rises_from_0_to_1(make):
    for few in (6, 40):
        texts, labels = rows()
        seen = []
        make().fit(texts[:few], labels[:few], progress=lambda *step, seen=seen: seen.append(step))
        shares = [share for _, share in seen]
        assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
        assert all(isinstance(stage, str) and stage for stage, _ in seen)


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
