"""Time strings in, ranks and sides out: what a split by time needs to know about moments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from kinfold.data.faults import shown
from kinfold.errors import DataError
from kinfold.types import Ints1d

_MICROSECOND = timedelta(microseconds=1)


def time_ranks(times: Sequence[str]) -> Ints1d:
    """Return (N,) the rank of every row's time, equal for equal times.

    Parameters
    ----------
    times
        All numbers (years, seconds), or all ISO 8601 dates and times with a zone in every row or in none.

    Raises
    ------
    DataError
        Some row is neither, or only some rows have a time zone: then there is no one right order.
    """
    values = _numbers(times) or _moments(times)
    return np.unique(np.array(values), return_inverse=True)[1].astype(np.int64)


def time_sides(ranks: Ints1d, cuts: NDArray[np.float64]) -> Ints1d:
    """Return (N,) the side of every row, the earliest first.

    Parameters
    ----------
    ranks
        (N,) from `time_ranks`.
    cuts
        Ascending shares of the rows at which one side ends and the next begins; each is moved to the nearest
        change of time, and no side stays empty.

    Raises
    ------
    DataError
        There are fewer different times than sides.
    """
    ends = np.cumsum(np.bincount(ranks)) if len(ranks) else np.zeros(0, np.int64)  # rows up to each moment
    n_sides = len(cuts) + 1
    if len(ends) < n_sides:
        raise DataError(
            f"too few different times to cut into {n_sides} parts: at least {n_sides} are needed",
            seen=f"{len(ends)} different times in {len(ranks)} rows",
            why="rows of one moment stay together",
            fix="use a finer time column, or ask for fewer parts",
            code="S-03",
        )
    last = -1
    side_of_rank = np.zeros(len(ends), dtype=np.int64)
    for number, cut in enumerate(cuts, start=1):
        # Every side needs a moment of its own: leave one for each side that is still to come.
        options = np.arange(last + 1, len(ends) - (n_sides - number))
        last = int(options[np.argmin(np.abs(ends[options] - cut * len(ranks)))])
        side_of_rank[last + 1 :] = number
    return side_of_rank[ranks]


def _numbers(times: Sequence[str]) -> list[float] | None:
    try:
        values = [float(time) for time in times]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None


def _moments(times: Sequence[str]) -> list[int]:
    values, zoned = [], []
    for row, time in enumerate(times):
        try:
            moment = datetime.fromisoformat(time.strip())
        except ValueError:
            raise _unordered(row, time, "it is not an ISO 8601 date, and not every row is a number") from None
        zoned.append(moment.tzinfo is not None)
        epoch = datetime(1970, 1, 1, tzinfo=UTC) if zoned[-1] else datetime(1970, 1, 1)
        values.append((moment - epoch) // _MICROSECOND)
    if any(zoned) and not all(zoned):
        row = zoned.index(not zoned[0])
        raise _unordered(row, times[row], "some times have a time zone and some have none")
    return values


def _unordered(row: int, time: str, why: str) -> DataError:
    return DataError(
        f"row {row + 1} has a time that can't be put in order",
        seen=f"'{shown(time)}'",
        why=why,
        fix="write all times as 2024-01-31 or 2024-01-31T12:00:00, with a zone in every row or in none",
        code="S-06",
    )
