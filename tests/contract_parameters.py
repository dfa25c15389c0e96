"""Contract: parameters are stored as given, each one matters, and `fit` is where they are checked."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
from sklearn.base import clone

from contract_kit import FILLERS, refused, rows, same_state, three, words_of
from kinfold.errors import InvalidParameterError, KinfoldError, NotFittedError
from kinfold.vectors.words import WordVectors

#: Vectors of planted words, and of words that no row has.
VECTORS = WordVectors([*words_of(0), "unseen", "other"], np.random.default_rng(0).normal(size=(6, 5)))
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
    "models": {"one": {"class": "LinearTextClassifier", "params": {"words": (1, 1)}}},
    "encoder": {"name": "gru", "params": {"units": 4, "dim": 4}},
    "unit": "character",
    "min_count": 12,
    "max_tokens": 6,
    "alphabet": "abcdefghi ",
    "max_length": 3,
    "embedding": VECTORS,
    "embedding_words": 2,
    "embedding_rate": 0.0,
    "label_smoothing": 0.2,
    "hidden": (4,),
    "dropout": 0.6,
    "l1": 0.01,
    "l2": 0.01,
    "max_norm": 0.05,
    "optimizer": "nadam",
    "learning_rate": 0.003,
    "schedule": "linear",
    "warmup": 0.5,
    "weight_decay": 0.1,
    "momentum": 0.2,
    "clip_norm": 0.01,
    "average": "ema",
    "batch_size": 16,
    "max_epochs": 1,
    "patience": 1,
    "valid": 0.3,
    "time_budget": 1e-6,
    "precision": "bfloat16",
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
    "models": {},
    "encoder": "gru",
    "unit": "sentence",
    "min_count": 0,
    "max_tokens": 0,
    "alphabet": "a",
    "max_length": 0,
    "embedding": "no/such/file.vec",
    "embedding_words": -1,
    "embedding_rate": -1.0,
    "label_smoothing": 1.0,
    "hidden": (0,),
    "dropout": 1.0,
    "l1": -0.1,
    "l2": float("nan"),
    "max_norm": 0.0,
    "optimizer": "best",
    "learning_rate": 0.0,
    "schedule": "sometimes",
    "warmup": 1.0,
    "weight_decay": -0.1,
    "momentum": 1.0,
    "clip_norm": 0.0,
    "average": "mean",
    "batch_size": 0,
    "max_epochs": 0,
    "patience": 0,
    "valid": 1.0,
    "time_budget": 0.0,
    "device": "tpu",
    "precision": "float8",
}
#: What may change how fast something is learned, never what.
ONLY_SPEED = {"n_threads", "device"}
#: Class -> what is another value, and what is a wrong one, where it is not so for all classes.
OTHER_OF = {"TextClassifier": {"loss": "hinge"}}
WRONG_OF = {"TextClassifier": {"loss": "squared_hinge"}}
#: Parameter -> those that must be set for it to matter.
TOGETHER = {
    "momentum": {"optimizer": "sgd"},
    "alphabet": {"unit": "character"},
    "embedding_words": {"embedding": VECTORS},
    "patience": {"learning_rate": 0.5, "max_epochs": 12},
}


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


def other_values(make):
    """Return parameter -> another value, for the class that `make` makes."""
    return OTHER_VALUES | OTHER_OF.get(type(make()).__name__, {})


def wrong_values(make):
    """Return parameter -> a value that can't be used, for the class that `make` makes."""
    return WRONG_VALUES | WRONG_OF.get(type(make()).__name__, {})


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
    others = other_values(make)
    for name in names_of(make):
        assert name in others or name in ONLY_SPEED, f"{name}: say in contract_parameters.py what it changes"
        if name in others:
            value, together = others[name], TOGETHER.get(name, {})
            assert repr(make().get_params()[name]) != repr(value), f"{name}={value} is what is being tested already"
            before = make(**together).fit(texts, labels).get_state() if together else usual
            other = make(**together, **{name: value}).fit(texts, labels).get_state()
            assert not same_state(before, other), f"{name}={value!r} changed nothing"


def check_wrong_values_refused_by_fit_and_named(make):
    texts, labels = rows()
    for name in names_of(make):
        assert name in wrong_values(make), f"{name}: say in contract_parameters.py what it can't be"
        estimator = make(**{name: wrong_values(make)[name]})
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
    name = next(iter(sorted(set(WRONG_VALUES) & set(names_of(make)))))
    right = estimator.get_params()[name]
    refused(KinfoldError, lambda: estimator.set_params(**{name: wrong_values(make)[name]}).fit(texts, labels))
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
