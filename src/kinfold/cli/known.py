"""Texts in, a few bits of each out that stand beside a model and tell later whether a text was among them.

A Bloom filter (Bloom, 1970, "Space/time trade-offs in hash coding with allowable errors"): a text that was there is
always known; a new one is taken for known in a small share of cases, which `error` estimates.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from kinfold.data.splits import text_key
from kinfold.types import Bytes1d, Ints1d, Json

#: Bits a text, where they fit; bits in all: half of what a manifest may hold; fewer bits a text than this say little.
BITS, MOST, LEAST = 12, 1 << 22, 5


@dataclass(frozen=True, slots=True)
class Known:
    """A set of texts that can only be asked whether a text is in it; case, spacing and Unicode form don't count.

    Parameters
    ----------
    bits
        The filter, eight bits a number.
    n_hashes
        How many bits stand for a text.
    n_texts
        How many texts it was made of.
    """

    bits: Bytes1d = field(repr=False)
    n_hashes: int
    n_texts: int

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self | None:
        """Return the filter of some texts; None where they are too many to be told apart, or none."""
        keys = {text_key(text) for text in texts} - {""}
        size = min(MOST, -(-BITS * len(keys) // 8) * 8)
        if not keys or size < LEAST * len(keys):
            return None
        n_hashes = max(1, round(math.log(2) * size / len(keys)))
        filled = np.zeros(size, np.bool_)
        filled[_places(sorted(keys), n_hashes, size)] = True
        return cls(np.packbits(filled), n_hashes, len(keys))

    @property
    def error(self) -> float:
        """The share of new texts that are taken for known ones."""
        filled = float(np.unpackbits(self.bits).mean())
        return float(filled**self.n_hashes)

    def __contains__(self, text: object) -> bool:
        """Return whether the text was among them, or is taken for one that was."""
        places = _places([text_key(str(text))], self.n_hashes, 8 * len(self.bits))[0]
        return bool((self.bits[places >> 3] >> (7 - (places & 7)) & 1).all())

    def to_dict(self) -> dict[str, Json]:
        """Return the filter as JSON."""
        held = base64.b64encode(self.bits.tobytes()).decode("ascii")
        return {"bits": held, "hashes": self.n_hashes, "texts": self.n_texts}

    @classmethod
    def from_dict(cls, value: Any) -> Self | None:
        """Return the filter that `to_dict` gave; None for anything else."""
        if not isinstance(value, dict) or set(value) != {"bits", "hashes", "texts"}:
            return None
        held, n_hashes, n_texts = value["bits"], value["hashes"], value["texts"]
        if not isinstance(held, str) or type(n_hashes) is not int or type(n_texts) is not int:
            return None
        try:
            bits = np.frombuffer(base64.b64decode(held, validate=True), np.uint8)
        except (binascii.Error, ValueError):
            return None
        fits = 0 < 8 * len(bits) <= MOST and 0 < n_hashes <= 64 and n_texts > 0
        return cls(bits, n_hashes, n_texts) if fits else None


def _places(keys: list[str], n_hashes: int, size: int) -> Ints1d:
    """Return the bits (N, n_hashes) of each key, by two hashes (Kirsch and Mitzenmacher, 2008)."""
    digests = b"".join(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest() for key in keys)
    two = np.frombuffer(digests, "<u8").reshape(len(keys), 2)
    steps = np.arange(n_hashes, dtype=np.uint64)
    places = (two[:, :1] + steps * (two[:, 1:] | np.uint64(1))) % np.uint64(size)
    return np.asarray(places, np.int64)
