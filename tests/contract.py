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
