"""Pairs of ends -> other pairs of the same ends: no pair twice, none that is barred.

Pair e has the ends ``ends[2 * e]`` and ``ends[2 * e + 1]``. ``taken`` is an open-addressing set (2**b,) of the numbers
of all pairs that may not be made: barred ones and those at hand; -1 is an empty slot. ``n`` is the number of rights.
`one_set`: both sides are the same things and none is paired with itself. `symmetric`: (a, b) is (b, a).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.types import Array, Ints1d, Keys1d

_S11, _S12, _S25, _S27 = np.uint64(11), np.uint64(12), np.uint64(25), np.uint64(27)
_STAR = np.uint64(2685821657736338717)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_S32 = np.uint64(32)
#: How a search for augmenting paths ends.
DONE, STUCK, CROSSED = 0, 1, 2


@njit(cache=True, nogil=True, inline="always")
def _below(state: Keys1d, n: int) -> int:
    """Draw a number below `n`: xorshift64* (Vigna 2016); `state` (1,) goes on."""
    x = state[0]
    x ^= x >> _S12
    x ^= x << _S25
    x ^= x >> _S27
    state[0] = x
    return np.int64((x * _STAR) >> _S11) % n


@njit(cache=True, nogil=True, inline="always")
def _home(number: int, mask: int) -> int:
    return np.int64((np.uint64(number) * _SPREAD) >> _S32) & mask


@njit(cache=True, nogil=True)
def _slot(taken: Ints1d, number: int) -> int:
    """Return the slot that holds the number, or the empty one where it would go."""
    mask = taken.shape[0] - 1
    s = _home(number, mask)
    while taken[s] != -1 and taken[s] != number:
        s = (s + 1) & mask
    return s


@njit(cache=True, nogil=True)
def _drop(taken: Ints1d, number: int) -> None:
    """Take a number out; those after it move up, so that no gap cuts them off."""
    mask = taken.shape[0] - 1
    gap = _slot(taken, number)
    s = (gap + 1) & mask
    while taken[s] != -1:
        if ((s - _home(taken[s], mask)) & mask) >= ((s - gap) & mask):
            taken[gap] = taken[s]
            gap = s
        s = (s + 1) & mask
    taken[gap] = -1


@njit(cache=True, nogil=True, inline="always")
def _number(a: int, b: int, n: int, symmetric: bool) -> int:
    return b * n + a if symmetric and a > b else a * n + b


@njit(cache=True, nogil=True)
def _free(a: int, b: int, taken: Ints1d, n: int, one_set: bool, symmetric: bool) -> bool:
    if one_set and a == b:
        return False
    return taken[_slot(taken, _number(a, b, n, symmetric))] == -1


@njit(cache=True, nogil=True)
def _enter(a: int, b: int, taken: Ints1d, n: int, symmetric: bool) -> None:
    number = _number(a, b, n, symmetric)
    taken[_slot(taken, number)] = number


@njit(cache=True, nogil=True)
def bar(lefts: Ints1d, rights: Ints1d, taken: Ints1d, n: int, symmetric: bool) -> None:
    """Enter pairs that may not be made."""
    for k in range(lefts.shape[0]):
        _enter(lefts[k], rights[k], taken, n, symmetric)


@njit(cache=True, nogil=True)
def enter_pairs(ends: Ints1d, good: Array, taken: Ints1d, n: int, one_set: bool, symmetric: bool) -> int:
    """Enter the pairs at hand that may be made, mark them in `good` (P,), and return how many others there are."""
    bad = 0
    for e in range(good.shape[0]):
        good[e] = _free(ends[2 * e], ends[2 * e + 1], taken, n, one_set, symmetric)
        if good[e]:
            _enter(ends[2 * e], ends[2 * e + 1], taken, n, symmetric)
        else:
            bad += 1
    return bad


@njit(cache=True, nogil=True)
def _switch(h: int, g: int, ends: Ints1d, good: Array, taken: Ints1d, n: int, one_set: bool, symmetric: bool) -> bool:
    """Exchange ends `h` and `g` of two pairs if that makes two good pairs, or one more good pair; say whether."""
    e, f = h >> 1, g >> 1
    a, b, c, d = ends[h ^ 1], ends[h], ends[g ^ 1], ends[g]
    if e == f or not _free(a, d, taken, n, one_set, symmetric):
        return False
    second = _free(c, b, taken, n, one_set, symmetric)
    # Where both pairs become the same one, only the first is new.
    second = second and _number(a, d, n, symmetric) != _number(c, b, n, symmetric)
    if not second and (good[e] or good[f]):
        return False
    if good[e]:
        _drop(taken, _number(a, b, n, symmetric))
    if good[f]:
        _drop(taken, _number(c, d, n, symmetric))
    ends[h], ends[g] = d, b
    _enter(a, d, taken, n, symmetric)
    good[e], good[f] = True, second
    if second:
        _enter(c, b, taken, n, symmetric)
    return True


@njit(cache=True, nogil=True)
def settle(
    ends: Ints1d, good: Array, taken: Ints1d, n: int, one_set: bool, symmetric: bool, state: Keys1d, tries: int
) -> int:
    """Exchange the right end of each bad pair with that of pairs drawn at random, `tries` times at most.

    Returns how many bad pairs are left. Left ends stay where they are unless `symmetric`.
    """
    n_pairs = good.shape[0]
    bad = 0
    for e in range(n_pairs):
        for _ in range(tries):
            if good[e]:
                break
            h, g = 2 * e + 1, 2 * _below(state, n_pairs) + 1
            if symmetric:
                h, g = h - _below(state, 2), g - _below(state, 2)
            _switch(h, g, ends, good, taken, n, one_set, symmetric)
    for e in range(n_pairs):
        bad += not good[e]
    return bad


@njit(cache=True, nogil=True)
def mix(
    ends: Ints1d, good: Array, taken: Ints1d, n: int, one_set: bool, symmetric: bool, state: Keys1d, steps: int
) -> int:
    """Propose `steps` exchanges of ends between two good pairs drawn at random; return how many were made."""
    n_pairs = good.shape[0]
    made = 0
    for _ in range(steps):
        h, g = 2 * _below(state, n_pairs) + 1, 2 * _below(state, n_pairs) + 1
        if symmetric:
            g -= _below(state, 2)
        if good[h >> 1] and good[g >> 1]:
            made += _switch(h, g, ends, good, taken, n, one_set, symmetric)
    return made


@njit(cache=True, nogil=True)
def _link(h: int, v: int, heads: Ints1d, after: Ints1d, before: Ints1d) -> None:
    after[h], before[h] = heads[v], -1
    if heads[v] >= 0:
        before[heads[v]] = h
    heads[v] = h


@njit(cache=True, nogil=True)
def _unlink(h: int, v: int, heads: Ints1d, after: Ints1d, before: Ints1d) -> None:
    if before[h] >= 0:
        after[before[h]] = after[h]
    else:
        heads[v] = after[h]
    if after[h] >= 0:
        before[after[h]] = before[h]


@njit(cache=True, nogil=True)
def _search(
    root: int,
    ends: Ints1d,
    taken: Ints1d,
    n: int,
    one_set: bool,
    symmetric: bool,
    lists: tuple[Ints1d, Ints1d, Ints1d],
    needs: Ints1d,
    order: Ints1d,
    origin: Ints1d,
    via: Ints1d,
) -> int:
    """Look breadth first for a right that needs a partner; return it, -1 if there is none.

    A step goes from a left to a right that it may be paired with, and on to the lefts that this right would give up.
    `origin` (rights) and `via` (lefts) lead back; -2 in `via`: not reached, -1: the root. `order` holds the rights.
    """
    heads, after, _ = lists
    origin[:] = -1
    via[:] = -2
    via[root] = -1
    queue = np.empty(via.shape[0], np.int64)
    queue[0] = root
    first, last = 0, 1
    left_open = order.copy()
    n_open = order.shape[0]
    while first < last:
        u = queue[first]
        first += 1
        kept = 0
        # What stays open is barred for u: over all lefts no more steps than there are rights and pairs.
        for i in range(n_open):
            v = left_open[i]
            if not _free(u, v, taken, n, one_set, symmetric):
                left_open[kept] = v
                kept += 1
                continue
            origin[v] = u
            if needs[v] > (symmetric and v == root):
                return v
            h = heads[v]
            while h >= 0:
                w = ends[h ^ 1]
                if via[w] == -2:
                    via[w] = h
                    queue[last] = w
                    last += 1
                h = after[h]
        n_open = kept
    return -1


@njit(cache=True, nogil=True)
def _crosses(sink: int, root: int, ends: Ints1d, n: int, origin: Ints1d, via: Ints1d) -> bool:
    """Return whether a path between things of one set makes or gives up a pair twice."""
    made, given = [np.int64(-1)], [np.int64(-1)]
    t = sink
    while True:
        u = origin[t]
        number = _number(u, t, n, True)
        if number in made:
            return True
        made.append(number)
        if u == root:
            return False
        h = via[u]
        if (h >> 1) in given:
            return True
        given.append(h >> 1)
        t = ends[h]


@njit(cache=True, nogil=True)
def augment(
    ends: Ints1d,
    good: Array,
    taken: Ints1d,
    n: int,
    one_set: bool,
    symmetric: bool,
    needs: Ints1d,
    order: Ints1d,
    via: Ints1d,
) -> int:
    """Make every bad pair good by augmenting paths, ends moving along them.

    Parameters
    ----------
    needs
        (rights,) how often each right stands in a bad pair; both ends of bad pairs if `symmetric`.
    order
        The rights that may be used, in the order they are looked at.
    via
        (lefts,) for the caller: if it is STUCK, the lefts reached are those that are not -2.

    Returns
    -------
    status
        DONE. STUCK: the lefts reached need more partners than there are for them, so that no arrangement exists.
        CROSSED: only if `symmetric`; a path uses a pair twice, and nothing is proven.
    """
    n_rights = needs.shape[0]
    heads, after = np.full(n_rights, -1, np.int64), np.full(ends.shape[0], -1, np.int64)
    before, origin = np.full(ends.shape[0], -1, np.int64), np.empty(n_rights, np.int64)
    lists = (heads, after, before)
    for h in range(ends.shape[0]):
        if good[h >> 1] and (symmetric or h & 1):
            _link(h, ends[h], heads, after, before)
    low = 0
    for e in range(good.shape[0]):
        if good[e]:
            continue
        root = ends[2 * e]
        if symmetric:
            while needs[low] == 0:
                low += 1
            root = low
        t = _search(root, ends, taken, n, one_set, symmetric, lists, needs, order, origin, via)
        if t < 0:
            # A way back to the root itself would do if half a pair could be made: no proof.
            return CROSSED if symmetric and origin[root] >= 0 else STUCK
        if symmetric and _crosses(t, root, ends, n, origin, via):
            return CROSSED
        needs[t] -= 1
        while origin[t] != root:
            u = origin[t]
            h = via[u]
            v = ends[h]
            _drop(taken, _number(u, v, n, symmetric))
            _unlink(h, v, heads, after, before)
            ends[h] = t
            _link(h, t, heads, after, before)
            _enter(u, t, taken, n, symmetric)
            t = v
        ends[2 * e], ends[2 * e + 1], good[e] = root, t, True
        _enter(root, t, taken, n, symmetric)
        _link(2 * e + 1, t, heads, after, before)
        if symmetric:
            needs[root] -= 1
            _link(2 * e, root, heads, after, before)
    return DONE
