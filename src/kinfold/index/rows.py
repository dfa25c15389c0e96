"""What a caller hands to an index: vectors and ids in, float32 rows and distinct strings out, or a clear refusal."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike

from kinfold.errors import DataError
from kinfold.types import Singles2d

#: A product of two vectors of this length, and the square of either, is far from what float32 can hold.
LONGEST = 2.0**60
_CHECKED_AT_ONCE = 1 << 14


def checked_rows(vectors: ArrayLike, dim: int | None, what: str, code: str) -> Singles2d:
    """Return vectors as (n, D) float32, C-contiguous; refuse those that can't be compared."""
    try:
        given = np.asarray(vectors)
    except ValueError:
        given = np.empty(0, object)
    if given.dtype.kind not in "fiu" or given.ndim != 2 or (dim is not None and given.shape[1] != dim):
        width = "D" if dim is None else f"{dim}"
        seen = f"shape {given.shape}, type {given.dtype}"
        raise DataError(f"{what} must be numbers, (n, {width}).", seen=seen, code=code)
    with np.errstate(over="ignore"):
        rows = np.ascontiguousarray(given, np.float32)
    for first in range(0, len(rows), _CHECKED_AT_ONCE):
        good = np.isfinite(rows[first : first + _CHECKED_AT_ONCE]).all(axis=1)
        if not good.all():
            row = first + int(np.argmin(good))
            raise DataError(
                f"{what}: row {row:,} has a number that is not finite.",
                seen=str(given[row][~np.isfinite(rows[row])][0]),
                fix="Leave the row out, or find out where it comes from.",
                code=code,
            )
    length = longest_of(rows)
    if length > LONGEST:
        raise DataError(f"{what}: one is too long to be multiplied.", seen=f"length {length:.3g}", code=code)
    return rows


def longest_of(rows: Singles2d) -> float:
    """Return the length of the longest row, a little rounded up; 0 if there is none."""
    longest = 0.0
    for first in range(0, len(rows), _CHECKED_AT_ONCE):
        block = rows[first : first + _CHECKED_AT_ONCE]
        longest = max(longest, float(np.einsum("ij,ij->i", block, block, dtype=np.float64).max()))
    return float(np.sqrt(longest) * (1 + 1e-12))


def checked_ids(ids: Sequence[str], n: int, known: Collection[str] = ()) -> list[str]:
    """Return ids as a list of `n` distinct strings, none of them known; raise DataError, D-130, if they are not."""
    names = [ids] if isinstance(ids, str) else list(ids)
    wrong = next((one for one in names if not isinstance(one, str)), None)
    if wrong is not None:
        raise _bad_ids("An id is no string.", repr(wrong)[:60], "Write it as one: 007 and 7 are different ids.")
    if len(names) != n:
        raise _bad_ids("There must be one id a vector.", f"{len(names):,} ids, {n:,} vectors", "")
    fresh: set[str] = set()
    for one in names:
        if one in known or one in fresh:
            raise _bad_ids("An id occurs twice.", repr(one)[:60], "Give each vector an id of its own.")
        fresh.add(one)
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        raise _bad_ids("An id can't be written as UTF-8.", repr(error.object)[:60], "") from None
    return names


def _bad_ids(what: str, seen: str, fix: str) -> DataError:
    return DataError(what, seen=seen, fix=fix, code="D-130")
