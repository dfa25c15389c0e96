"""Tokens <-> ids: what a model that reads sequences knows by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from kinfold.errors import DataError, InvalidParameterError
from kinfold.text.lexicon import Lexicon
from kinfold.types import Ids1d, Keys1d

#: Ids that are no tokens: padding after a sequence's end, any token that is not known, the end of a sequence.
PAD, UNK, END = range(3)
_N_SPECIAL = 3
#: What an unknown token is written as.
UNKNOWN = "\ufffd"
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_ESCAPED = re.compile(r"\\.")


class Vocabulary:
    """Distinct tokens in order; the first has id 3, after `PAD`, `UNK` and `END`.

    Parameters
    ----------
    tokens
        The tokens, those with the lowest ids first.

    Raises
    ------
    DataError
        If a token occurs twice, is empty, or holds a lone surrogate.

    Examples
    --------
    >>> vocabulary = Vocabulary.from_counts({"cat": 2, "dog": 5, "emu": 1}, min_count=2)
    >>> vocabulary.ids(["cat", "dog", "emu"]).tolist()
    [4, 3, 1]
    >>> vocabulary.tokens([4, 3])
    ['cat', 'dog']
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = list(tokens)
        if len(set(self._tokens)) != len(self._tokens) or "" in self._tokens:
            raise DataError("The tokens of a vocabulary must be distinct, and none empty.")
        try:
            encoded = [token.encode() + b"\0" for token in self._tokens]
        except UnicodeEncodeError as error:
            raise DataError("A token can't be written as UTF-8.", seen=repr(error.object)[:40]) from None
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(token) for token in encoded], out=offsets[1:])
        self._lexicon = Lexicon(np.frombuffer(b"".join(encoded), np.uint8), offsets, "character")

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], *, min_count: int = 1, max_size: int | None = None) -> Vocabulary:
        """Return the vocabulary of the tokens counted, the most frequent first, ties in the order of the alphabet.

        Parameters
        ----------
        min_count
            Leave out tokens that occur less often.
        max_size
            Keep only that many tokens.
        """
        if min_count < 1 or (max_size is not None and max_size < 1):
            raise InvalidParameterError(
                "`min_count` must be 1 or more, `max_size` None or 1 or more.",
                seen=f"min_count={min_count!r}, max_size={max_size!r}",
            )
        kept = [token for token, count in counts.items() if count >= min_count]
        return cls(sorted(kept, key=lambda token: (-counts[token], token))[:max_size])

    @classmethod
    def from_text(cls, data: bytes) -> Vocabulary:
        """Read what `to_text` wrote."""
        plain = {escaped: token for token, escaped in _ESCAPES.items()}
        lines = data.decode().split("\n")[:-1]
        return cls([_ESCAPED.sub(lambda found: plain.get(found[0], found[0]), line) for line in lines])

    def to_text(self) -> bytes:
        r"""Return the tokens as UTF-8, one a line in the order of their ids; a line feed in one is written ``\n``."""
        escapes = str.maketrans(_ESCAPES)
        return "".join(token.translate(escapes) + "\n" for token in self._tokens).encode()

    def __len__(self) -> int:
        """Return the number of ids, the three that are no tokens included."""
        return _N_SPECIAL + len(self._tokens)

    def __contains__(self, token: str) -> bool:
        """Return whether the token has an id of its own."""
        return bool(self.ids([token])[0] != UNK)

    def ids(self, tokens: Sequence[str]) -> Ids1d:
        """Return the id of each token, `UNK` where it has none; shape (T,) int32."""
        return self._of_columns(self._lexicon.columns(tokens))

    def ids_of_keys(self, keys: Keys1d) -> Ids1d:
        """Return the id of each token by its hash, as `kinfold.kernels.scan.tokenize_all` makes it; (T,) int32."""
        return self._of_columns(self._lexicon.look_up(keys))

    def tokens(self, ids: ArrayLike) -> list[str]:
        """Return the tokens of ids (T,): padding and ends are left out, an unknown one is U+FFFD.

        Raises
        ------
        DataError
            If an id is none of this vocabulary.
        """
        listed = np.asarray(ids, np.int64).tolist()
        wrong = [i for i in listed if not 0 <= i < len(self)]
        if wrong:
            raise DataError("An id is not in the vocabulary.", seen=f"{wrong[0]} of {len(self)} ids")
        return [UNKNOWN if i == UNK else self._tokens[i - _N_SPECIAL] for i in listed if i not in (PAD, END)]

    def _of_columns(self, columns: Ids1d) -> Ids1d:
        return np.where(columns < 0, np.int32(UNK), columns + np.int32(_N_SPECIAL))
