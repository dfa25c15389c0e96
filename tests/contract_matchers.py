"""The contract of every matcher: checks that take `make(**parameters) -> unfitted matcher`."""

from __future__ import annotations

import json
import random
import tempfile

import numpy as np
from sklearn.base import clone

import contract_parameters
from contract_kit import refused, same_array, same_state
from kinfold.artifacts.store import load, save
from kinfold.errors import DataError, InvalidParameterError, NotFittedError

THINGS = (
    ("red", "crimson"),
    ("fast", "quick"),
    ("big", "large"),
    ("house", "home"),
    ("cat", "kitty"),
    ("song", "tune"),
)
FILLING = ("the", "a", "of", "is", "my", "one")
AWKWARD = (
    "",
    " ",
    "\n\t",
    "?!",
    "\x00",
    "\ud800",
    "é",
    "e\u0301",
    "🙂",
    "的" * 30,
    "word " * 300,
    "<b>&amp;</b>",
    "1.5",
)


def rows(n=160, seed=0, labels=("no", "yes")):
    """Return pairs that match where both speak of the same two things, and their labels."""
    rng = np.random.default_rng(seed)

    def text(things):
        words = [str(rng.choice(THINGS[i])) for i in things] + [str(word) for word in rng.choice(FILLING, 2)]
        return " ".join(rng.permutation(words))

    pairs, told = [], []
    for _ in range(n):
        chosen, match = rng.permutation(len(THINGS)), int(rng.random() < 0.5)
        pairs.append((text(chosen[:2]), text(chosen[:2] if match else chosen[2:4])))
        told.append(labels[match])
    return pairs, told


def turned(pairs):
    """Return the pairs, each the other way round."""
    return [(right, left) for left, right in pairs]


def check_fit_returns_self_and_leaves_its_inputs_alone(make):
    pairs, labels = rows()
    kept, estimator = (list(pairs), list(labels)), make()
    assert estimator.fit(pairs, labels) is estimator and (pairs, labels) == kept
    assert estimator.get_params(deep=False) == make().get_params(deep=False)


def check_not_fitted(make):
    pairs, labels = rows(4)
    calls = {"predict": (pairs,), "predict_proba": (pairs,), "decision_function": (pairs,), "score": (pairs, labels)}
    calls |= {"answers": (np.full((1, 2), 0.5),), "choose_threshold": (pairs, labels), "explain": pairs[0]}
    calls |= {"get_state": (), "probe_outputs": (["a", "b"],)}
    for name, arguments in calls.items():
        method = getattr(make(), name)
        assert "fit" in refused(NotFittedError, lambda m=method, a=arguments: m(*a)), name


def check_same_seed_same_result(make):
    pairs, labels = rows()
    state = random.getstate()
    assert same_state(make().fit(pairs, labels).get_state(), make().fit(pairs, labels).get_state())
    other = make(random_state=5).fit(pairs, labels)
    assert not same_state(other.get_state(), make().fit(pairs, labels).get_state())
    assert random.getstate() == state


def check_refit_forgets(make):
    pairs, labels = rows(labels=("different", "same"))
    again = make().fit(*rows(120, seed=3)).fit(pairs, labels)
    assert same_state(again.get_state(), make().fit(pairs, labels).get_state())
    assert again.classes_ == ["different", "same"]


def check_what_matches_is_learned(make):
    pairs, labels = rows(seed=9)
    fitted = make().fit(*rows(600))
    assert fitted.score(pairs, labels) >= 0.75
    p = fitted.predict_proba(pairs)
    assert np.mean(p[[label == "yes" for label in labels], 1]) > 0.6 > np.mean(p[:, 1])


def check_answers_fit_together(make):
    pairs, labels = rows()
    fitted, asked = make().fit(pairs, labels), rows(40, seed=4)[0]
    p, log_odds = fitted.predict_proba(asked), fitted.decision_function(asked)
    assert p.shape == (40, 2) and p.dtype == np.float64 and np.allclose(p.sum(axis=1), 1)
    assert np.allclose(np.log(p[:, 1]) - np.log(p[:, 0]), log_odds, atol=1e-5)
    assert fitted.predict(asked) == fitted.answers(p) and set(fitted.predict(asked)) <= {"no", "yes"}


def check_company_and_order_do_not_matter(make):
    fitted, asked = make().fit(*rows()), rows(40, seed=4)[0]
    p, order = fitted.decision_function(asked), np.random.default_rng(0).permutation(40)
    assert np.allclose(fitted.decision_function([asked[i] for i in order]), p[order], atol=1e-5)
    alone = [fitted.decision_function([pair])[0] for pair in asked[:5]]
    assert np.allclose(alone, p[:5], atol=1e-5)


def check_without_direction_both_ways_score_the_same(make):
    fitted, asked = make().fit(*rows()), rows(40, seed=4)[0]
    assert same_array(fitted.decision_function(asked), fitted.decision_function(turned(asked)))


def check_with_a_direction_they_may_differ(make):
    pairs, _ = rows(400)
    # Whoever begins with a big thing asks; the other way round it is no match.
    labels = ["yes" if "big" in left or "large" in left else "no" for left, _ in pairs]
    fitted = make(directed=True).fit(pairs, labels)
    assert not same_array(fitted.decision_function(pairs[:40]), fitted.decision_function(turned(pairs[:40])))
    with tempfile.TemporaryDirectory() as folder:
        save(fitted, f"{folder}/m")
        assert same_array(load(f"{folder}/m").decision_function(pairs[:40]), fitted.decision_function(pairs[:40]))


def check_any_texts_are_answered_and_learned_from(make):
    pairs, labels = rows()
    odd = [(text, other) for text in AWKWARD for other in (text, "the red house", "")]
    fitted = make().fit(pairs + odd, labels + ["yes", "no", "no"] * len(AWKWARD))
    p = fitted.predict_proba(odd)
    assert np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all()
    assert fitted.counts_["a side empty"] > 0 and fitted.counts_["equal sides"] > 0


def check_no_pairs_get_no_answers(make):
    fitted = make().fit(*rows())
    assert fitted.predict_proba([]).shape == (0, 2) and fitted.predict([]) == []


def check_bad_pairs_are_refused(make):
    pairs, labels = rows()
    for wrong in ([("a", 1), *pairs[1:]], [("a", "b", "c"), *pairs[1:]], ["ab", *pairs[1:]]):
        assert "0" in refused(DataError, lambda w=wrong: make().fit(w, labels))
    fitted = make().fit(pairs, labels)
    refused(DataError, lambda: fitted.predict([("a", None)]))
    refused(DataError, lambda: make().fit([], []))
    refused(DataError, lambda: make().fit(pairs, labels[1:]))
    refused(DataError, lambda: make().fit(pairs, ["a", "b", "c", "d"] * (len(pairs) // 4)))


def check_the_label_of_a_match_can_be_named(make):
    pairs, labels = rows(labels=("x", "y"))
    assert make().fit(pairs, labels).classes_ == ["x", "y"]
    named = make(match="x").fit(pairs, labels)
    assert named.classes_ == ["y", "x"]
    refused(DataError, lambda: make(match="z").fit(pairs, labels))


def check_pairs_can_be_held_out_by_name(make):
    pairs, labels = rows()
    usual, named = make().fit(pairs, labels), make().fit(pairs, labels, valid=rows(60, seed=8))
    assert not same_state(usual.get_state(), named.get_state())


def check_decisions_can_be_tuned(make):
    pairs, labels = rows()
    usual = make().fit(pairs, labels)
    dear = make(costs={"no": {"yes": 50.0}, "yes": {"no": 1.0}}).fit(pairs, labels)
    asked = rows(100, seed=4)[0]
    assert dear.predict(asked).count("yes") <= usual.predict(asked).count("yes")
    unsure = make(abstain_cost=1e-6).fit(pairs, labels)
    assert None in unsure.predict(asked)
    later = usual.choose_threshold(pairs, labels, costs={"no": {"yes": 9.0}, "yes": {"no": 1.0}})
    assert later.decision_.costs.tolist() == [[0, 9], [1, 0]]


def check_state_and_folder_give_the_same_model(make):
    fitted, asked = make().fit(*rows()), [*rows(40, seed=4)[0], *((text, "red") for text in AWKWARD)]
    state = fitted.get_state()
    values = json.loads(json.dumps(state.values))
    copied = type(state)({k: v.copy() for k, v in state.arrays.items()}, dict(state.vocabularies), values)
    with tempfile.TemporaryDirectory() as folder:
        save(fitted, f"{folder}/m")
        for one in (clone(fitted).set_state(copied), load(f"{folder}/m")):
            assert same_state(one.get_state(), state) and one.counts_ == fitted.counts_
            assert same_array(one.predict_proba(asked), fitted.predict_proba(asked))
            assert one.predict(asked) == fitted.predict(asked)
    sizes = {name: text.count(b"\n") for name, text in state.vocabularies.items()}
    wanted = type(fitted).layout(fitted.get_params(deep=False), state.values, sizes)
    assert wanted == {name: (str(array.dtype), array.shape) for name, array in state.arrays.items()}


def check_clone_has_parameters_and_learned_nothing(make):
    fitted = make().fit(*rows())
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    refused(NotFittedError, lambda: copy.predict([("a", "b")]))


def check_failed_fit_leaves_the_old_model(make):
    pairs, labels = rows()
    fitted = make().fit(pairs, labels)
    before = fitted.predict_proba(pairs)
    refused(DataError, lambda: fitted.fit([], []))
    assert same_array(fitted.predict_proba(pairs), before)


def check_wrong_values_are_refused_and_named(make):
    pairs, labels = rows(40)
    wrong = {"directed": "yes", "match": 1, "valid": 1.5, "metric": "fame", "abstain_cost": "much", "random_state": -1}
    for name, value in wrong.items():
        message = refused(InvalidParameterError, lambda n=name, v=value: make(**{n: v}).fit(pairs, labels))
        assert name in message, message


def check_progress_rises_from_0_to_1(make):
    seen = []
    make().fit(*rows(), progress=lambda what, share: seen.append(share))
    known = [share for share in seen if share is not None]
    assert known == sorted(known) and known[-1] == 1.0 and known[0] <= 0.05


def check_explanations_are_of_the_score(make):
    fitted = make().fit(*rows())
    for left, right in [*rows(3, seed=4)[0], ("", "red"), ("red", "red")]:
        found = fitted.explain(left, right)
        assert abs(found.log_odds - fitted.decision_function([(left, right)])[0]) <= 1e-5


CHECKS = [
    contract_parameters.check_constructor_stores_arguments_untouched,
    contract_parameters.check_constructor_does_nothing_else,
    contract_parameters.check_constructor_takes_keywords_only_and_has_defaults,
    contract_parameters.check_unknown_parameter_refused,
    contract_parameters.check_get_and_set_params,
    *(value for name, value in list(globals().items()) if name.startswith("check_")),
]
