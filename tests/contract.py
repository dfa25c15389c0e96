"""The contract of every classifier: checks that take `make(**parameters) -> unfitted classifier`."""

from __future__ import annotations

import contract_answers
import contract_fit
import contract_parameters
import contract_state

CHECKS = [
    *contract_parameters.CHECKS,
    *contract_fit.CHECKS,
    *contract_answers.CHECKS,
    *contract_state.CHECKS,
]

#: A check -> the method or parameter without which it says nothing; also every check named after one of `_METHODS`.
_NEEDS = {
    "check_class_weights": "class_weight",
    "check_costs": "costs",
    "check_abstaining": "abstain_cost",
    "check_choosing_a_threshold_later": "choose_threshold",
    "check_number_of_threads_does_not_matter": "n_threads",
}
_METHODS = ("partial_fit", "top_ngrams")


def checks_of(make):
    """Return the checks for what `make` makes: those that need something it does not have are left out."""
    made = make()
    found = []
    for check in CHECKS:
        needs = [_NEEDS[check.__name__]] if check.__name__ in _NEEDS else []
        needs += [name for name in _METHODS if name in check.__name__]
        if all(hasattr(made, name) for name in needs):
            found.append(check)
    return found
