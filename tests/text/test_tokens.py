from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.errors import DataError, NotFittedError
from kinfold.text import tokens as module
from kinfold.text.normalize import Normalizer
from kinfold.text.tokenizers import CharacterTokenizer, WordTokenizer
from kinfold.text.tokens import TokenVectorizer
from kinfold.text.vocabulary import UNK

KEEP = Normalizer(strip_html=False, lowercase=False)
TOKENIZERS = [None, WordTokenizer(KEEP, spaces=True), CharacterTokenizer(), CharacterTokenizer(KEEP)]


@settings(max_examples=60)
@given(st.lists(st.text(), min_size=1, max_size=5), st.sampled_from(TOKENIZERS))
def test_known_text_comes_back(texts, tokenizer):
    vectorizer = TokenVectorizer(tokenizer=tokenizer)
    ids = vectorizer.fit_transform(texts)
    normalizer = Normalizer() if tokenizer is None else tokenizer.normalizer
    assert vectorizer.inverse_transform(ids) == [normalizer(text) for text in texts]
    assert all(of_text.dtype == np.int32 and (of_text > UNK).all() for of_text in ids)


@pytest.mark.parametrize("tokenizer", [WordTokenizer(), WordTokenizer(spaces=True), CharacterTokenizer()])
def test_ids_are_those_of_the_tokens(tokenizer):
    texts = ["the cat, the dog\n", "", "The END — 你好 👩‍🚀"]
    vectorizer = TokenVectorizer(tokenizer=tokenizer).fit(texts)
    for text, ids in zip([*texts, "unknown thing"], vectorizer.transform([*texts, "unknown thing"]), strict=True):
        assert ids.tolist() == vectorizer.vocabulary_.ids(tokenizer(text)).tolist()
    counts = {}
    for text in texts:
        for token in tokenizer(text):
            counts[token] = counts.get(token, 0) + 1
    wanted = sorted(counts, key=lambda token: (-counts[token], token))
    assert vectorizer.vocabulary_.tokens(range(3, 3 + len(counts))) == wanted


def test_rare_tokens_are_left_out():
    texts = ["a a a b b c", "a b d"]
    vectorizer = TokenVectorizer(tokenizer=WordTokenizer(), min_count=2).fit(texts)
    assert [ids.tolist() for ids in vectorizer.transform(["a b c d"])] == [[3, 4, UNK, UNK]]
    assert len(TokenVectorizer(tokenizer=WordTokenizer(), max_size=1).fit(texts).vocabulary_) == 4


def test_stretches_change_nothing(monkeypatch):
    texts = [f"word{i % 7} and {i}" for i in range(50)] + ["", "x" * 100]
    usual = TokenVectorizer().fit_transform(texts)
    monkeypatch.setattr(module, "_BATCH", 3)
    monkeypatch.setattr(module, "_BATCH_CHARACTERS", 40)
    cut = TokenVectorizer().fit_transform(texts)
    assert [ids.tolist() for ids in cut] == [ids.tolist() for ids in usual]


def test_a_million_characters_take_no_time():
    text = "the quick brown fox jumps over the lazy dog. " * 25_000
    TokenVectorizer().fit_transform([text[:100]])
    begun = time.process_time()
    ids = TokenVectorizer().fit_transform([text])[0]
    assert len(ids) == 10 * 25_000 + 25_000
    assert time.process_time() - begun < 3.0


def test_errors():
    with pytest.raises(NotFittedError):
        TokenVectorizer().transform(["a"])
    with pytest.raises(DataError, match="sequence of strings"):
        TokenVectorizer().fit("abc")
    assert TokenVectorizer().fit(["a"]).transform([]) == []
