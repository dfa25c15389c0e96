"""Many strings as one array of bytes, decoded one at a time: they can be saved, mapped, and are not read before use."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import overload

import numpy as np

from kinfold.errors import ArtifactError
from kinfold.types import Bytes1d, Ints1d

_CHUNK = 1 << 20


class Strings(Sequence[str]):
    """Strings that lie back to back as UTF-8.

    Parameters
    ----------
    data
        (bytes,) uint8.
    ends
        (N,) int64: where each string ends; it begins where the one before it ends.

    Raises
    ------
    ArtifactError
        A-020: the ends are not in order or not those of the data, or a string is not UTF-8.
    """

    def __init__(self, data: Bytes1d, ends: Ints1d) -> None:
        self.data, self.ends = data, ends
        _check(data, ends)

    @classmethod
    def pack(cls, strings: Sequence[str]) -> Strings:
        """Return strings in this form; those that are in it already as they are."""
        if isinstance(strings, Strings):
            return strings
        encoded = [string.encode() for string in strings]
        ends = np.cumsum([len(one) for one in encoded], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), ends)

    def __len__(self) -> int:
        """Return N."""
        return len(self.ends)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        """Return a string, or several as a list."""
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        place = place % len(self)
        start = int(self.ends[place - 1]) if place else 0
        return self.data[start : self.ends[place]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        """Yield the strings in order."""
        for first in range(0, len(self), _CHUNK):
            ends = self.ends[max(first - 1, 0) : first + _CHUNK].tolist()
            for start, end in pairwise([0, *ends] if first == 0 else ends):
                yield self.data[start:end].tobytes().decode()


def _check(data: Bytes1d, ends: Ints1d) -> None:
    """Refuse what would decode to something else than strings, or not at all."""
    starts = np.concatenate([[0], ends])[:-1]
    whole = int(ends[-1]) if len(ends) else 0
    if whole != len(data) or (len(ends) and (starts > ends).any()):
        raise _damaged("their ends are not in order, or not those of the data")
    inside = starts[starts < len(data)]
    if ((data[inside] & 0xC0) == 0x80).any():
        raise _damaged("one begins inside a character")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for first in range(0, len(data), _CHUNK):
            decoder.decode(data[first : first + _CHUNK].tobytes())
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _damaged(error.reason) from error


def _damaged(seen: str) -> ArtifactError:
    return ArtifactError(
        "The strings of an index are damaged.",
        seen=seen,
        why="the file was changed, or was not written by kinfold",
        fix="make the index anew",
        code="A-020",
    )
