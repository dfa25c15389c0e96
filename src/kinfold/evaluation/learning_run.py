"""Models and nested subsets in; what each trained model answered on the same test rows, and its minutes, out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kinfold.errors import InvalidParameterError
from kinfold.evaluation.coding import Coded, encode
from kinfold.evaluation.nested import LEAST_SIZES, Parts, nested_order
from kinfold.evaluation.power_law import fit_times

#: Called as progress(what is being done, share of it that is done).
Progress = Callable[[str, float | None], None]
#: A size between two is worth its time only if it is this much larger than the one before.
_WORTH = 1.25


@dataclass(slots=True)
class Runs:
    """The trainings of one model: its K sizes, and for each of them S coded answers and S times.

    `stopped` says why the sizes end before the largest asked for, if they do.
    """

    sizes: list[int] = field(default_factory=list)
    coded: list[list[Coded]] = field(default_factory=list)
    seconds: list[list[float]] = field(default_factory=list)
    stopped: str = ""

    def predicted(self, size: int) -> float:
        """Return the seconds that all seeds of a size will take, by the sizes before."""
        if not self.sizes:
            return 0.0
        means = [sum(times) / len(times) for times in self.seconds]
        return fit_times(self.sizes, means).at(size) * len(self.seconds[0])

    def affordable(self, size: int, seconds: float) -> int:
        """Return the largest number of rows up to `size` whose trainings take no more than the seconds given."""
        low, high = 0, size
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.predicted(middle) <= seconds else (low, middle - 1)
        return low


def run(
    models: Mapping[str, Any],
    parts: Parts,
    sizes: tuple[int, ...],
    *,
    n_seeds: int,
    answers: bool,
    minutes: float | None,
    seed: int,
    progress: Progress,
) -> dict[str, Runs]:
    """Train every model on every subset.

    Parameters
    ----------
    models
        Name -> unfitted model; copies of it learn, each with a seed of its own where it has a ``random_state``.
    parts
        The rows.
    sizes
        Ascending; the subsets of one seed are the beginnings of one order of the rows.
    n_seeds, seed
        How many orders, and the seed of the first.
    answers
        Ask for answers, else for probabilities.
    minutes
        Leave out what would take longer than this in all. A model's last size is then the largest that is affordable.
    progress
        Told what is being done.

    Raises
    ------
    InvalidParameterError
        U-018: the minutes are not enough for three sizes.
    """
    begun = time.monotonic()
    orders = [nested_order(parts.labels, parts.units, seed + k) for k in range(n_seeds)]
    runs = {name: Runs() for name in models}
    for place, size in enumerate(sizes):
        for name, model in models.items():
            of_model = runs[name]
            if of_model.stopped:
                continue
            chosen = size
            if minutes is not None:
                chosen = _within(of_model, name, size, 60 * minutes - (time.monotonic() - begun), minutes)
            if not chosen:
                continue
            coded: list[Coded] = []
            seconds: list[float] = []
            for k, order in enumerate(orders):
                left = _left(runs, sizes, place, len(seconds), name)
                spent = time.monotonic() - begun
                share = spent / (spent + left) if left else None
                progress(f"{name}: {chosen:,} rows, {k + 1} of {n_seeds}", share)
                one, took = _train(model, parts, order[:chosen].tolist(), seed + k, answers)
                coded.append(one)
                seconds.append(took)
            of_model.sizes.append(chosen)
            of_model.coded.append(coded)
            of_model.seconds.append(seconds)
    progress("done", 1.0)
    return runs


def copy_of(model: Any, seed: int) -> Any:
    """Return an unfitted model with the same parameters, and this seed where it takes one."""
    params = model.get_params(deep=False)
    if "random_state" in params:
        params = {**params, "random_state": seed}
    return type(model)(**params)


def _train(model: Any, parts: Parts, rows: list[int], seed: int, answers: bool) -> tuple[Coded, float]:
    begun = time.perf_counter()
    fresh = copy_of(model, seed)
    fresh.fit([parts.texts[i] for i in rows], [parts.labels[i] for i in rows])
    took = time.perf_counter() - begun
    if answers:
        return encode(parts.test_labels, fresh.predict(parts.test_texts), None, list(fresh.classes_)), took
    return encode(parts.test_labels, None, fresh.predict_proba(parts.test_texts), list(fresh.classes_)), took


def _within(runs: Runs, name: str, size: int, left: float, minutes: float) -> int:
    """Return the rows to learn from, at most `size`, in the seconds left; 0 for none."""
    if not runs.sizes or runs.predicted(size) <= left:
        return size
    if len(runs.sizes) < LEAST_SIZES:
        more = runs.predicted(size) - max(left, 0.0)
        raise InvalidParameterError(
            f"{name} can't learn from {LEAST_SIZES} sizes in the minutes given",
            seen=f"{minutes:g} minutes, used up before {size:,} rows",
            fix=f"give at least {minutes + more / 60 * 1.2:.2g} minutes, or smaller sizes",
            code="U-018",
        )
    most = runs.affordable(size, left)
    runs.stopped = f"{size:,} rows would have taken more than the {minutes:g} minutes given"
    return most if most >= _WORTH * runs.sizes[-1] else 0


def _left(runs: Mapping[str, Runs], sizes: tuple[int, ...], place: int, done: int, current: str) -> float:
    """Return the seconds that what is left will take, by what it has taken so far; 0 where nothing is known."""
    total = 0.0
    for name, of_model in runs.items():
        if of_model.stopped:
            continue
        for later in sizes[len(of_model.sizes) if name != current else place :]:
            total += of_model.predicted(later)
        if name == current and of_model.sizes:
            total -= of_model.predicted(sizes[place]) * done / len(of_model.seconds[0])
    return total
