"""Contract: parameters are stored as given, each one matters, and `fit` is where they are checked."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
from sklearn.base import clone

from contract_kit import FILLERS, refused, rows, same_state, three
from kinfold.errors import InvalidParameterError, KinfoldError, NotFittedError

#: Parameter -> a value that is not the default and must change what is learned or answered.
OTHER_VALUES = {
    "words": (1, 1),
    "characters": (2, 3),
    "min_df": 4,
    "max_features": 30,
    "n_bits": 9,
    "weighting": "idf",
    "loss": "squared_hinge",
    "smoothing": 0.2,
    "across_words": False,
    "character_weight": 0.3,
    "C": 0.07,
    "n_folds": 5,
    "class_weight": "balanced",
    "calibrate": False,
    "metric": "macro_f1",
    "costs": {"bad": {"good": 9.0}},
    "abstain_cost": 0.2,
    "lowercase": False,
    "strip_html": False,
    "symbols": False,
    "replay": 11,
    "random_state": 7,
}
#: Parameter -> a value that can't be used; for those that may not change what is learned as well.
WRONG_VALUES = {
    "words": (0, 2),
    "characters": "some",
    "min_df": 0,
    "max_features": -1,
    "n_bits": 99,
    "weighting": "best",
    "loss": "hinge",
    "smoothing": 0.0,
    "across_words": 1,
    "character_weight": -1.0,
    "C": float("inf"),
    "n_folds": 1,
    "class_weight": {"bad": -2.0},
    "calibrate": "no",
    "metric": "beauty",
    "costs": {"bad": {"good": float("nan")}},
    "abstain_cost": float("nan"),
    "lowercase": "yes",
    "strip_html": 3,
    "symbols": None,
    "replay": -1,
    "n_threads": 0,
    "random_state": -1,
}
#: What may change how fast something is learned, never what.
ONLY_SPEED = {"n_threads"}


class Untouchable:
    """A value that complains when anything but its identity is looked at."""

    def __getattribute__(self, name):
        if name in ("__class__", "__dict__", "__deepcopy__", "__reduce_ex__", "__reduce__"):
            return object.__getattribute__(self, name)
        raise AssertionError(f"the constructor looked at .{name} of a parameter")

    def _refuse(self, *_):
        raise AssertionError("the constructor used a parameter")

    __bool__ = __len__ = __iter__ = __eq__ = __lt__ = __gt__ = __int__ = __float__ = __str__ = _refuse
    __hash__ = object.__hash__


def names_of(make):
    """Return the names of the constructor's parameters."""
    return sorted(make().get_params(deep=False))


def check_constructor_stores_arguments_untouched(make):
    for name in names_of(make):
        value = Untouchable()
        assert vars(make(**{name: value}))[name] is value


def check_constructor_does_nothing_else(make):
    estimator = make()
    assert set(vars(estimator)) == set(estimator.get_params(deep=False))


def check_constructor_takes_keywords_only_and_has_defaults(make):
    kinds = inspect.signature(type(make()).__init__).parameters.values()
    taken = [kind for kind in kinds if kind.name != "self"]
    assert taken and all(kind.kind is kind.KEYWORD_ONLY and kind.default is not kind.empty for kind in taken)


def check_unknown_parameter_refused(make):
    for action in (lambda: make(no_such_parameter=1), lambda: make().set_params(no_such_parameter=1)):
        try:
            action()
        except (TypeError, ValueError) as error:
            assert "no_such_parameter" in str(error)
        else:
            raise AssertionError("an unknown parameter was taken")


def check_get_and_set_params(make):
    estimator = make()
    for name in names_of(make):
        value = object()
        assert estimator.set_params(**{name: value}) is estimator
        assert estimator.get_params(deep=False)[name] is value


def check_clone_has_parameters_and_learned_nothing(make):
    texts, labels = rows()
    fitted = make().fit(texts, labels)
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    refused(NotFittedError, lambda: copy.predict(texts))
    assert same_state(copy.fit(texts, labels).get_state(), fitted.get_state())


def check_every_argument_is_used(make):
    """Every parameter set to something else changes what is learned, or what is answered."""
    texts, labels = rows()
    texts = [f"{text} {FILLERS[i % 10]} Once" for i, text in enumerate(texts)]
    usual = make().fit(texts, labels).get_state()
    for name in names_of(make):
        assert name in OTHER_VALUES or name in ONLY_SPEED, f"{name}: say in contract_parameters.py what it changes"
        if name in OTHER_VALUES:
            value = OTHER_VALUES[name]
            assert make().get_params()[name] != value, f"{name}={value} is what is being tested already"
            other = make(**{name: value}).fit(texts, labels).get_state()
            assert not same_state(usual, other), f"{name}={value!r} changed nothing"


def check_wrong_values_refused_by_fit_and_named(make):
    texts, labels = rows()
    for name in names_of(make):
        assert name in WRONG_VALUES, f"{name}: say in contract_parameters.py what it can't be"
        estimator = make(**{name: WRONG_VALUES[name]})
        message = refused(InvalidParameterError, lambda e=estimator: e.fit(texts, labels))
        assert name in message, message


def check_values_of_a_wrong_type_refused_by_fit(make):
    texts, labels = rows()
    for name in names_of(make):
        for value in (object(), "?", (), 2.5j, [None]):
            estimator = make(**{name: value})
            message = refused(InvalidParameterError, lambda e=estimator: e.fit(texts, labels))
            assert name in message, message


def check_failed_fit_leaves_the_old_model(make):
    texts, labels = rows()
    estimator = make().fit(texts, labels)
    before = estimator.predict_proba(texts)
    name = next(iter(set(WRONG_VALUES) & set(names_of(make))))
    right = estimator.get_params()[name]
    refused(KinfoldError, lambda: estimator.set_params(**{name: WRONG_VALUES[name]}).fit(texts, labels))
    estimator.set_params(**{name: right})
    assert np.array_equal(estimator.predict_proba(texts), before)


def check_parameters_unchanged_by_fit(make):
    given = make().get_params(deep=False)
    texts, labels = three()
    fitted = make().fit(texts, labels)
    assert fitted.get_params(deep=False) == given
    if hasattr(fitted, "partial_fit"):
        assert fitted.partial_fit(texts[:5], labels[:5]).get_params(deep=False) == given


def check_repr_shows_what_was_set(make):
    name, value = next((name, value) for name, value in OTHER_VALUES.items() if name in names_of(make))
    shown = repr(make(**{name: value}))
    assert shown.startswith(type(make()).__name__ + "(") and f"{name}={value!r}" in shown
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert type(make()).__name__ in make()._repr_html_()


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
