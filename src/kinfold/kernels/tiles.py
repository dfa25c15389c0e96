"""Products of a few rows with a few rows, kept in registers: eight rows of one side at a time.

The rows (8 n and 8 m of them, all D wide, float32, D a multiple of 16) are those of tokens and of negatives; `tile` is
(8, m). Numba has no type for a vector register, so the unrolling is written out: four by four sums that the compiler
keeps in registers, and sums of eight rows at a time, which read and write what they add to an eighth as often.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from kinfold.types import Array

#: Rows taken together.
TILE = 8
#: Sums may be taken in another order; infinite and undefined numbers stay what they are.
FAST: dict[str, Any] = {
    "fastmath": {"reassoc", "contract", "arcp", "nsz", "afn"},
    "error_model": "numpy",
    "cache": True,
    "nogil": True,
}


@njit(inline="always", **FAST)
def sigmoid(x: float) -> float:
    """Return 1 / (1 + exp(-x)) to 1e-6, by the rational form of tanh that Eigen and XNNPACK use."""
    half = min(max(np.float32(0.5) * x, np.float32(-7.9)), np.float32(7.9))
    y = half * half
    p = np.float32(-2.76076847742355e-16)
    p = p * y + np.float32(2.00018790482477e-13)
    p = p * y + np.float32(-8.60467152213735e-11)
    p = p * y + np.float32(5.12229709037114e-08)
    p = p * y + np.float32(1.48572235717979e-05)
    p = p * y + np.float32(6.37261928875436e-04)
    p = p * y + np.float32(4.89352455891786e-03)
    q = np.float32(1.19825839466702e-06)
    q = q * y + np.float32(1.18534705686654e-04)
    q = q * y + np.float32(2.26843463243900e-03)
    q = q * y + np.float32(4.89352518554385e-03)
    return np.float32(0.5) + np.float32(0.5) * half * p / q


@njit(**FAST)
def sigmoids(tile: Array) -> None:
    """Replace each number of `tile` by its sigmoid."""
    for h in range(tile.shape[0]):
        row = tile[h]
        for k in range(row.shape[0]):
            row[k] = sigmoid(row[k])


@njit(**FAST)
def scale_row(tile: Array, h: int, factor: float) -> None:
    """Multiply a row of `tile` by a number."""
    row = tile[h]
    for k in range(row.shape[0]):
        row[k] *= factor


@njit(**FAST)
def products(rows: Array, first: int, others: Array, tile: Array) -> None:
    """Write the inner products of ``rows[first:first + 8]`` with all `others` (m, D) to `tile`."""
    for h in range(0, TILE, 4):
        r0, r1, r2, r3 = rows[first + h], rows[first + h + 1], rows[first + h + 2], rows[first + h + 3]
        t0, t1, t2, t3 = tile[h], tile[h + 1], tile[h + 2], tile[h + 3]
        for k in range(0, others.shape[0], 4):
            o0, o1, o2, o3 = others[k], others[k + 1], others[k + 2], others[k + 3]
            s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = np.float32(0)
            s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = np.float32(0)
            for j in range(rows.shape[1]):
                a, b, c, d = r0[j], r1[j], r2[j], r3[j]
                e, f, g, i = o0[j], o1[j], o2[j], o3[j]
                s00 += a * e
                s01 += a * f
                s02 += a * g
                s03 += a * i
                s10 += b * e
                s11 += b * f
                s12 += b * g
                s13 += b * i
                s20 += c * e
                s21 += c * f
                s22 += c * g
                s23 += c * i
                s30 += d * e
                s31 += d * f
                s32 += d * g
                s33 += d * i
            t0[k], t0[k + 1], t0[k + 2], t0[k + 3] = s00, s01, s02, s03
            t1[k], t1[k + 1], t1[k + 2], t1[k + 3] = s10, s11, s12, s13
            t2[k], t2[k + 1], t2[k + 2], t2[k + 3] = s20, s21, s22, s23
            t3[k], t3[k + 1], t3[k + 2], t3[k + 3] = s30, s31, s32, s33


@njit(**FAST)
def add_to_rows(tile: Array, others: Array, out: Array, first: int) -> None:
    """Add ``tile @ others`` to ``out[first:first + 8]``; `others` (m, D)."""
    for h in range(0, TILE, 2):
        u, v, g, f = out[first + h], out[first + h + 1], tile[h], tile[h + 1]
        for k in range(0, others.shape[0], 8):
            o0, o1, o2, o3 = others[k], others[k + 1], others[k + 2], others[k + 3]
            o4, o5, o6, o7 = others[k + 4], others[k + 5], others[k + 6], others[k + 7]
            g0, g1, g2, g3, g4, g5, g6, g7 = g[k], g[k + 1], g[k + 2], g[k + 3], g[k + 4], g[k + 5], g[k + 6], g[k + 7]
            f0, f1, f2, f3, f4, f5, f6, f7 = f[k], f[k + 1], f[k + 2], f[k + 3], f[k + 4], f[k + 5], f[k + 6], f[k + 7]
            for j in range(others.shape[1]):
                u[j] += (
                    g0 * o0[j]
                    + g1 * o1[j]
                    + g2 * o2[j]
                    + g3 * o3[j]
                    + g4 * o4[j]
                    + g5 * o5[j]
                    + g6 * o6[j]
                    + g7 * o7[j]
                )
                v[j] += (
                    f0 * o0[j]
                    + f1 * o1[j]
                    + f2 * o2[j]
                    + f3 * o3[j]
                    + f4 * o4[j]
                    + f5 * o5[j]
                    + f6 * o6[j]
                    + f7 * o7[j]
                )


@njit(**FAST)
def add_to_others(tile: Array, rows: Array, first: int, out: Array) -> None:
    """Add ``tile.T @ rows[first:first + 8]`` to `out` (m, D)."""
    r0, r1, r2, r3 = rows[first], rows[first + 1], rows[first + 2], rows[first + 3]
    r4, r5, r6, r7 = rows[first + 4], rows[first + 5], rows[first + 6], rows[first + 7]
    t0, t1, t2, t3, t4, t5, t6, t7 = tile[0], tile[1], tile[2], tile[3], tile[4], tile[5], tile[6], tile[7]
    for k in range(0, out.shape[0], 2):
        u, v, l = out[k], out[k + 1], k + 1  # noqa: E741
        g0, g1, g2, g3, g4, g5, g6, g7 = t0[k], t1[k], t2[k], t3[k], t4[k], t5[k], t6[k], t7[k]
        f0, f1, f2, f3, f4, f5, f6, f7 = t0[l], t1[l], t2[l], t3[l], t4[l], t5[l], t6[l], t7[l]
        for j in range(out.shape[1]):
            u[j] += (
                g0 * r0[j] + g1 * r1[j] + g2 * r2[j] + g3 * r3[j] + g4 * r4[j] + g5 * r5[j] + g6 * r6[j] + g7 * r7[j]
            )
            v[j] += (
                f0 * r0[j] + f1 * r1[j] + f2 * r2[j] + f3 * r3[j] + f4 * r4[j] + f5 * r5[j] + f6 * r6[j] + f7 * r7[j]
            )
