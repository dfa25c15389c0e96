"""Links in, pairs that are none out, drawn in blocks as pure functions of a seed.

A sampler is a function of the links that prepares what every draw needs, once, and returns the draw. Nothing is kept
of what was drawn, so that memory does not grow with how much is drawn.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from kinfold.checks import FLAG, SEED, SHARE, Rule, whole
from kinfold.data.faults import count, fault
from kinfold.data.mining import Nearest, mined
from kinfold.data.pairspace import Ends
from kinfold.data.partners import Partners
from kinfold.data.positives import Positives
from kinfold.data.rewiring import check_possible, rewired
from kinfold.data.shuffled import shuffled
from kinfold.errors import InvalidParameterError
from kinfold.types import Ints1d

#: (seed, epoch, index, size) -> the pairs (size, 2) of that block.
Draw: TypeAlias = Callable[[int, int, int, int], Ends]


def random(positives: Positives, *, distinct: bool = False) -> Draw:
    """Draw each pair that is no link equally often.

    Parameters
    ----------
    positives
        The links.
    distinct
        No pair twice in the blocks of an epoch, which must then all have one size.

    Raises
    ------
    DataError
        D-112: every pair is a link; or, by the draw, more distinct pairs are asked for than there are.
    """
    _require("distinct", distinct, FLAG)
    n_free = positives.n_free
    if not n_free:
        raise _all_links(positives)
    # The free pairs before each link: what tells how many links stand before the free pair of a given rank.
    ranks = positives.keys - np.arange(len(positives))

    def draw(seed: int, epoch: int, index: int, size: int) -> Ends:
        if not distinct:
            drawn = np.random.default_rng([seed, epoch, index]).integers(0, n_free, size)
        elif (index + 1) * size > n_free:
            raise fault(
                "D-112",
                "more distinct pairs are asked for than there are",
                seen=f"{(index + 1) * size:,} asked for; {count(n_free, 'pair')} that are no links",
                fix="smaller or fewer blocks, or distinct=False",
            )
        else:
            drawn = shuffled(np.arange(index * size, (index + 1) * size), n_free, [seed, epoch])
        return positives.space.ends(drawn + np.searchsorted(ranks, drawn, side="right"))

    return draw


def popularity(positives: Positives) -> Draw:
    """Draw lefts and rights each in proportion to the number of their links, until the two are no link.

    Raises
    ------
    DataError
        D-112: every pair of things that have links is a link.
    """
    left_degrees, right_degrees = positives.degrees()
    partners = Partners.of(positives, right_degrees)
    shares = left_degrees * partners.free.astype(np.float64)
    lefts = np.flatnonzero(shares)
    if not len(lefts):
        raise _all_links(positives)
    sums = np.cumsum(shares[lefts])

    def draw(seed: int, epoch: int, index: int, size: int) -> Ends:
        rng = np.random.default_rng([seed, epoch, index])
        places = np.searchsorted(sums, rng.random(size) * sums[-1], side="right")
        drawn = lefts[np.minimum(places, len(lefts) - 1)]
        return positives.space.written(drawn, partners.draw(drawn, rng))

    return draw


def requester_fixed(positives: Positives) -> Draw:
    """Give the left of each link a right drawn from all that it is not linked to, each equally often.

    Row r of an epoch has the left of link r, and begins anew after the last link. Of a symmetric link either end is
    kept, as a coin says.

    Raises
    ------
    DataError
        D-112: something is linked to everything.
    """
    partners = Partners.of(positives, np.ones(positives.n_right, np.int64))
    _check_partners(positives, partners)

    def draw(seed: int, epoch: int, index: int, size: int) -> Ends:
        rng = np.random.default_rng([seed, epoch, index])
        lefts = _requesters(positives, _rows(positives, index, size), rng)
        return positives.space.written(lefts, partners.draw(lefts, rng))

    return draw


def degree_preserving(positives: Positives) -> Draw:
    """Draw as many pairs as there are links, every left and every right as often as in the links, no pair twice.

    An epoch is made as a whole, and the last one is kept. Row r has the left of link r unless links are symmetric, and
    rows begin anew after the last.

    Raises
    ------
    DataError
        D-113: there are no such pairs; what the check of each id by itself finds is said at once.
    """
    check_possible(positives)
    kept: dict[tuple[int, int], Ends] = {}

    def draw(seed: int, epoch: int, index: int, size: int) -> Ends:
        if (seed, epoch) not in kept:
            kept.clear()
            kept[seed, epoch] = rewired(positives, np.random.default_rng([seed, epoch]))
        return kept[seed, epoch][_rows(positives, index, size)]

    return draw


def hard(
    positives: Positives, *, nearest: Nearest, n_candidates: int = 50, n_best: int = 10, skip: float = 0.0
) -> Draw:
    """Give the left of each link one of the rights that a model holds for its best, drawn from those that are no link.

    Parameters
    ----------
    positives
        The links.
    nearest
        The model: lefts (m,) and k -> rights (m, k), the best first; -1 where it has no more.
    n_candidates
        How many rights the model is asked for. It is asked for more where a left's are all links.
    n_best
        How many of the best that are left are drawn from; 1 always takes the best.
    skip
        Share of `n_candidates` that is passed over, from the best on: those may be links that nobody has noted.

    Raises
    ------
    DataError
        D-112: something is linked to everything, or has nothing left after `skip`.
        D-114: the model's answer has another shape, or names rights that are not there.
    """
    _require("n_candidates", n_candidates, whole())
    _require("n_best", n_best, whole())
    _require("skip", skip, SHARE)
    if not callable(nearest):
        raise _wrong("nearest", "a function of lefts and k", nearest)
    _check_partners(positives, Partners.of(positives, np.ones(positives.n_right, np.int64)))

    n_skipped = int(skip * min(n_candidates, positives.n_right))

    def draw(seed: int, epoch: int, index: int, size: int) -> Ends:
        rng = np.random.default_rng([seed, epoch, index])
        lefts = _requesters(positives, _rows(positives, index, size), rng)
        turns = rng.random(size)
        rights = mined(positives, nearest, lefts, turns, n_candidates, n_best, n_skipped)
        return positives.space.written(lefts, rights)

    return draw


#: Name -> sampler: a function of the links and its own options that returns a draw.
SAMPLERS: dict[str, Callable[..., Draw]] = {
    "random": random,
    "popularity": popularity,
    "requester-fixed": requester_fixed,
    "degree-preserving": degree_preserving,
    "hard": hard,
}


class Negatives:
    """Pairs that are no links, by one sampler and one seed.

    Parameters
    ----------
    positives
        The links.
    sampler
        One of `SAMPLERS`.
    seed
        The same seed gives the same pairs, in whatever order blocks are asked for.
    options
        Those of the sampler: `distinct` of ``"random"``; `nearest`, `n_candidates`, `n_best`, `skip` of ``"hard"``.

    Raises
    ------
    InvalidParameterError
        A sampler or option that there is not, or a value that can't be used.
    DataError
        See the sampler.
    """

    def __init__(self, positives: Positives, sampler: str = "random", *, seed: int = 0, **options: Any) -> None:
        _require("seed", seed, SEED)
        if not isinstance(sampler, str) or sampler not in SAMPLERS:
            raise _wrong("sampler", " or ".join(map(repr, SAMPLERS)), sampler)
        prepare = SAMPLERS[sampler]
        known = {
            name: one.default for name, one in inspect.signature(prepare).parameters.items() if name != "positives"
        }
        if unknown := sorted(options.keys() - known.keys()):
            raise InvalidParameterError(
                f"The sampler {sampler!r} has no such option.",
                seen=", ".join(f"{name}={options[name]!r}" for name in unknown),
                fix=f"It has {_listed(list(known))}.",
            )
        if missing := [name for name in known if known[name] is inspect.Parameter.empty and name not in options]:
            raise InvalidParameterError(f"The sampler {sampler!r} needs {_listed(missing)}.", fix="Give it by name.")
        self.positives, self.sampler, self.seed = positives, sampler, int(seed)
        self._draw = prepare(positives, **options)

    def __repr__(self) -> str:
        return f"Negatives({self.positives!r}, {self.sampler!r}, seed={self.seed})"

    def block(self, epoch: int, index: int, size: int) -> Ends:
        """Return block number `index` of an epoch: `size` pairs (size, 2), none a link.

        A pure function of the seed and the three numbers; and, for ``"hard"``, of the model as it is now.

        Raises
        ------
        InvalidParameterError
            Numbers that are not whole, below 0, or a size of 0.
        """
        _require("epoch", epoch, SEED)
        _require("index", index, SEED)
        _require("size", size, whole())
        return self._draw(self.seed, int(epoch), int(index), int(size))

    def blocks(self, epoch: int, n: int, size: int = 4096) -> Iterator[Ends]:
        """Yield `n` pairs in blocks of `size`, the last one cut: those of `block` one after the other."""
        _require("n", n, whole(0))
        _require("size", size, whole())
        for index in range(-(-n // size)):
            yield self.block(epoch, index, size)[: n - index * size]

    def epoch(self, number: int) -> Ends:
        """Return as many pairs (P, 2) as there are links: block 0 of that size."""
        return self.block(number, 0, len(self.positives))


class HardNegatives:
    """Pairs that a model which learns from them wrongly holds for links, drawn as it learns.

    Parameters
    ----------
    positives
        The links; their lefts and rights are numbered alike (``shared=True`` or ``symmetric=True``).
    seed, n_candidates, n_best, skip
        As `Negatives` has them for ``"hard"``.

    Raises
    ------
    InvalidParameterError, DataError
        See `Negatives`.
    """

    def __init__(
        self, positives: Positives, *, seed: int = 0, n_candidates: int = 50, n_best: int = 10, skip: float = 0.0
    ) -> None:
        if not positives.space.one_set:
            raise InvalidParameterError(
                "A net that learns numbers lefts and rights alike.",
                seen=repr(positives),
                fix="Positives with shared=True, or symmetric=True.",
            )
        self.positives, self._fixed = positives, Negatives(positives, "requester-fixed", seed=seed)
        self._options: dict[str, Any] = {"seed": seed, "n_candidates": n_candidates, "n_best": n_best, "skip": skip}
        Negatives(positives, "hard", nearest=_no_model, **self._options)

    def first(self) -> Ends:
        """Return pairs (P, 2) for the time when there is no model yet: epoch 0 of ``"requester-fixed"``."""
        return self._fixed.epoch(0)

    def by(self, nearest: Nearest) -> Callable[[int], Ends]:
        """Return what draws the pairs (P, 2) of an epoch by a model; see ``nearest`` of `hard`."""
        return Negatives(self.positives, "hard", nearest=nearest, **self._options).epoch


def _no_model(lefts: Ints1d, k: int) -> Ints1d:
    raise RuntimeError("there is no model to ask")


def _rows(positives: Positives, index: int, size: int) -> Ints1d:
    """Return the links (size,) that the rows of a block belong to."""
    start = index * size % len(positives)
    return (start + np.arange(size)) % len(positives)


def _requesters(positives: Positives, rows: Ints1d, rng: np.random.Generator) -> Ints1d:
    """Return the end (n,) of each link that is kept: its left, either if links are symmetric."""
    if not positives.symmetric:
        return positives.lefts[rows]
    return np.where(rng.random(len(rows)) < 0.5, positives.lefts[rows], positives.rights[rows])


def _check_partners(positives: Positives, partners: Partners) -> None:
    """Raise DataError if something that has links has them to everything."""
    full = np.flatnonzero((partners.free == 0) & (positives.degrees()[0] > 0))
    if len(full):
        named = ", ".join(positives.left_name(int(i)) for i in full[:5]) + (", …" if len(full) > 5 else "")
        raise fault(
            "D-112",
            f"{count(len(full), 'left')} linked to everything: nothing is left to draw",
            seen=named,
            fix="leave out the links of these ids, or name more rights",
        )


def _all_links(positives: Positives) -> Exception:
    return fault(
        "D-112",
        "every pair that could be drawn is a link",
        seen=f"{count(len(positives), 'link')}; {count(positives.n_free, 'pair')} that are none",
        fix="give links of more things, or name the things without links: `n_left=`, `n_right=`",
    )


def _require(name: str, value: Any, rule: Rule) -> None:
    if not rule[0](value):
        raise _wrong(name, rule[1], value)


def _wrong(name: str, must: str, value: Any) -> InvalidParameterError:
    return InvalidParameterError(f"`{name}` must be {must}.", seen=f"{name}={value!r}", fix="Give such a value.")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
