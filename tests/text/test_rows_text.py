"""Bad inputs that only show once a text is cut into n-grams (rows 64 and 65)."""

import time

import pytest

from kinfold.errors import DataError
from kinfold.text.ngrams import NGramVectorizer
from kinfold.text.tokenizers import WordTokenizer

SLOW = ["<", "<a ", "&", "&#9", "&amp", "'", "a'", "\u200d", "\u0301", "<!--", "\U0001f1eb", "a\u200d", " \t", "x"]


@pytest.mark.parametrize("piece", SLOW)
@pytest.mark.parametrize("unit", ["word", "character", "character_across"])
def test_row_64_a_text_made_to_be_slow(piece, unit):
    """A megabyte takes at most a second, whatever it is made of."""
    text = piece * (1_000_000 // len(piece))
    vectorizer = NGramVectorizer(unit=unit, orders=(1, 3), min_df=1, n_threads=1)
    vectorizer.fit([piece, "warm up"])
    started = time.process_time()
    vectorizer.rows([text])
    WordTokenizer(symbols=False)(text)
    assert time.process_time() - started < 2.0, "two passes over one megabyte"


@pytest.mark.parametrize("texts", [["", "  ", "\t"], ["one", "two", "three"], ["\u200b", "\x07"]])
def test_row_65_nothing_left(texts):
    with pytest.raises(DataError) as caught:
        NGramVectorizer(min_df=2).fit(texts)
    assert caught.value.code == "D-065" and caught.value.exit_code == 3
    assert f"{len(texts)} texts" in caught.value.what
    assert "min_df" in caught.value.fix
    empty = sum(not text.strip() for text in texts)
    assert f"{empty} empty texts" in caught.value.seen
