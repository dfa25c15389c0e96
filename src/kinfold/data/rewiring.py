"""Links in, as many pairs that are none out, in which every left and every right occurs as often as in the links.

The rights are dealt anew at random (the configuration model); pairs that are links or occur twice exchange rights with
pairs drawn at random; what that leaves is mended by augmenting paths; then exchanges between any two pairs mix it all
(the switching of Rao, Jana and Bandyopadhyay 1996), ten proposals a pair. Without direction, paths may cross
themselves (a general matching problem); small cases of that are solved as an integer programme.
"""

from __future__ import annotations

import numpy as np
import scipy  # optimize, half a second of importing, comes with its first use
from scipy.sparse import csr_array

from kinfold.data.faults import count, fault
from kinfold.data.pairspace import Ends
from kinfold.data.positives import Positives
from kinfold.errors import DataError
from kinfold.kernels.rewiring import CROSSED, STUCK, augment, bar, enter_pairs, mix, settle
from kinfold.types import Array, Ints1d

#: Exchanges proposed for each pair once all pairs are good.
MIXING = 10
_ROUNDS, _TRIES, _PATHS = 10, 100, 20
#: Pairs that an integer programme may choose from.
_MOST_SOLVED = 20_000
_FIX = "leave out the links of these ids, or use another sampler: requester-fixed keeps the lefts alone"


def rewired(positives: Positives, rng: np.random.Generator, *, mixing: int = MIXING) -> Ends:
    """Return (P, 2) pairs that are no links, none twice, with the degrees of the links.

    Parameters
    ----------
    positives
        The links.
    rng
        Decides everything that is left to chance.
    mixing
        How many exchanges are proposed for each pair after all are good.

    Returns
    -------
    pairs
        Row r has the left of link r, unless the links are symmetric.

    Raises
    ------
    DataError
        D-113: there are no such pairs, with the ids that make it so; or, for symmetric links, none were found.
    """
    check_possible(positives)
    board = _Board(positives, rng)
    if not board.settled():
        status = board.mended()
        if status == STUCK:
            raise _impossible(positives, np.flatnonzero(board.via != -2))
        if status == CROSSED:
            board.restart(_solved(positives, rng))
    board.mix(max(mixing * len(positives), min(mixing, 1) * 1000))
    return positives.space.written(board.ends[0::2], board.ends[1::2])


def check_possible(positives: Positives) -> None:
    """Raise DataError D-113 if a left or right has more links than others are left to pair it with.

    A condition that must hold, checked for each id by itself; that it holds for all does not yet mean that there is
    a solution.
    """
    degrees = positives.degrees()
    names = positives.left_name, positives.right_name
    for side, noun in ((0, "left"), (1, "right")):
        own, others = degrees[side], degrees[1 - side]
        room = int((others > 0).sum()) - own
        if positives.space.one_set:
            room = room - (others > 0)
        short = np.flatnonzero(own > np.maximum(room, 0))
        if len(short):
            worst = short[np.argsort(room[short] - own[short], kind="stable")]
            said = [
                f"{names[side](int(i))}: {count(int(own[i]), 'link')}, {max(int(room[i]), 0):,} others left"
                for i in worst[:3]
            ]
            raise fault(
                "D-113",
                f"no other pairs keep all degrees: {count(len(short), noun)} with more links than pairs left",
                seen="; ".join(said) + ("; …" if len(short) > 3 else ""),
                fix=_FIX,
            )


def _impossible(positives: Positives, lefts: Ints1d) -> DataError:
    """Return the error for lefts that need more partners together than there are for them."""
    used = lefts[positives.degrees()[0][lefts] > 0]
    named = ", ".join(positives.left_name(int(i)) for i in used[:5]) + (", …" if len(used) > 5 else "")
    return fault(
        "D-113",
        "no other pairs keep all degrees",
        seen=f"{count(len(used), 'left')} with more links together than others are left to pair them with: {named}",
        fix=_FIX,
    )


class _Board:
    """The pairs at hand, and the arrays that the kernels work on."""

    def __init__(self, positives: Positives, rng: np.random.Generator) -> None:
        self.positives, self.rng = positives, rng
        self.state = rng.integers(1, 2**63, 1).astype(np.uint64)
        ends = positives.pairs.ravel()  # (2P,)
        if positives.symmetric:
            ends = rng.permutation(ends)
        else:
            ends[1::2] = rng.permutation(ends[1::2])
        self.via = np.full(positives.n_left, -2, np.int64)
        self.restart(ends)

    def restart(self, ends: Ints1d) -> None:
        """Begin with these ends (2P,)."""
        links = self.positives
        self.ends, self.good = ends, np.zeros(len(links), np.bool_)
        # Links and pairs fill half of the slots at most.
        self.taken: Array = np.full(1 << (4 * len(links)).bit_length(), -1, np.int64)
        self.space = (links.n_right, links.space.one_set, links.symmetric)
        bar(links.lefts, links.rights, self.taken, links.n_right, links.symmetric)
        self.bad = enter_pairs(self.ends, self.good, self.taken, *self.space)

    def settled(self) -> bool:
        """Exchange the ends of bad pairs until none is left or it no longer helps; return whether none is left."""
        for _ in range(_ROUNDS):
            before = self.bad
            if self.bad:
                self.bad = settle(self.ends, self.good, self.taken, *self.space, self.state, _TRIES)
            if self.bad in (0, before):
                break
        return self.bad == 0

    def mended(self) -> int:
        """Mend the bad pairs by augmenting paths; return the kernel's status."""
        symmetric = self.positives.symmetric
        used = np.flatnonzero(self.positives.degrees()[1])
        status = CROSSED
        for _ in range(_PATHS):
            bad = self.ends.reshape(-1, 2)[~self.good]  # (bad, 2)
            needs = np.bincount(bad.ravel() if symmetric else bad[:, 1], minlength=self.positives.n_right)
            order = self.rng.permutation(used)
            status = augment(self.ends, self.good, self.taken, *self.space, needs, order, self.via)
            if status != CROSSED:
                break
            self._refill(needs)
            self.mix(max(len(self.good), 100))
        return status

    def _refill(self, needs: Ints1d) -> None:
        """Write the ends that still need a partner into the bad pairs: a path may have moved them."""
        rows = np.flatnonzero(~self.good)
        left = self.rng.permutation(np.repeat(np.arange(len(needs)), needs))
        self.ends[2 * rows], self.ends[2 * rows + 1] = left[0::2], left[1::2]

    def mix(self, steps: int) -> None:
        """Propose exchanges between any two good pairs."""
        mix(self.ends, self.good, self.taken, *self.space, self.state, steps)


def _solved(positives: Positives, rng: np.random.Generator) -> Ints1d:
    """Return the ends (2P,) of pairs that are no links and keep the degrees, by an integer programme.

    One variable for each pair that may be made, 0 or 1; those at each id sum to its degree.
    """
    degrees = positives.degrees()[0]
    used = np.flatnonzero(degrees)
    if len(used) * (len(used) - 1) // 2 - len(positives) > _MOST_SOLVED:
        raise _not_found(positives)
    a, b = (used[one] for one in np.triu_indices(len(used), 1))
    free = ~positives.contains(a, b)
    a, b = a[free], b[free]
    columns = np.arange(len(a))
    places = np.concatenate([a, b]), np.concatenate([columns, columns])
    rows = csr_array((np.ones(2 * len(a)), places), shape=(positives.n_left, len(a)))
    found = scipy.optimize.milp(
        rng.random(len(a)),
        integrality=np.ones(len(a)),
        bounds=(0, 1),
        constraints=scipy.optimize.LinearConstraint(rows, degrees, degrees),
        options={"time_limit": 30.0},
    )
    if found.status == 2:
        raise fault(
            "D-113",
            "no other pairs keep all degrees",
            seen=f"all {len(a):,} pairs that are no links, of {count(len(used), 'id')}, tried",
            fix=_FIX,
        )
    if found.x is None:
        raise _not_found(positives)
    chosen = found.x > 0.5
    return np.stack([a[chosen], b[chosen]], axis=1).ravel()  # (2P,)


def _not_found(positives: Positives) -> DataError:
    return fault(
        "D-113",
        "no other pairs were found that keep all degrees",
        seen=f"{count(len(positives), 'link')} between {positives.n_left:,} ids; that there are none is not proven",
        fix="another seed, fewer links, or another sampler",
    )
