from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kinfold.errors import DataError
from kinfold.text.normalize import Normalizer
from kinfold.text.tokenizers import CharacterTokenizer, WordTokenizer

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ASTRONAUT = "\U0001f469\U0001f3fd\u200d\U0001f680"
FLAG = "\U0001f1e9\U0001f1ea"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
EMOJI = (FAMILY, ASTRONAUT, FLAG, SCOTLAND, "\U0001f600", "\U0001f3f3\u200d\U0001f308", "\u2764\u200d\U0001f525")
#: Text as people write it: scripts mixed with marks, joiners, emoji and white space of every kind.
SCRIPTS = ("don't", "l'été", "你好", "ไทย", "नमस्ते", "שלום", "3.5", "x", "A", "_", "'", "\u2019")
SPACES = (" ", "  ", "\n", "\t", "\u3000")
MARKS = ("\u0301", "\u200d", "\u200c", "\u00ad", "\ufeff", "\U0001f3fd", "\u20e3")
TEXTS = st.lists(
    st.one_of(st.sampled_from((*EMOJI, *SCRIPTS, *SPACES, *MARKS)), st.text(max_size=4)),
).map("".join)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't stop, café!", ["don't", "stop", ",", "café", "!"]),
        ("rock 'n' roll's", ["rock", "'", "n", "'", "roll's"]),
        ("snake_case v2.0", ["snake_case", "v2", ".", "0"]),
        ("你好 ไทย", ["你", "好", "ไ", "ท", "ย"]),
        ("e\u0301t\u0323e\u0302", ["éṭê"]),
        (f"ok{FAMILY}{FLAG}{FLAG}!", ["ok", FAMILY, FLAG, FLAG, "!"]),
        (f"{ASTRONAUT}{SCOTLAND}", [ASTRONAUT, SCOTLAND]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("\U0001fae8\U0001faff!", ["\U0001fae8", "\U0001faff", "!"]),
        ("...:)", [".", ".", ".", ":", ")"]),
        ("a\u200bb", ["a", "b"]),
        (" \n", []),
        ("", []),
    ],
)
def test_words(text, tokens):
    assert WordTokenizer()(text) == tokens


def test_symbols_and_spaces_are_kept_where_asked():
    assert WordTokenizer(symbols=False)("Hi, you! :)") == ["hi", "you"]
    assert WordTokenizer(spaces=True)("a b  c\n, d") == ["a", "b", "  ", "c", "\n", ",", " ", "d"]
    assert WordTokenizer(normalizer=Normalizer(lowercase=False))("Ab") == ["Ab"]


@settings(max_examples=300)
@given(TEXTS)
@example("a 'b' c' d")
@example(" a b")
@example("a \u0301b")
@example("1 \u20e3")
def test_words_and_spaces_join_to_the_text(text):
    tokenizer = WordTokenizer(spaces=True)
    tokens = tokenizer(text)
    assert tokenizer.join(tokens) == tokenizer.normalizer(text)
    assert all(tokens)


@given(TEXTS)
def test_characters_join_to_the_text(text):
    tokenizer = CharacterTokenizer()
    tokens = tokenizer(text)
    assert tokenizer.join(tokens) == tokenizer.normalizer(text)
    assert all(len(token) == 1 for token in tokens)
    assert tokenizer.cut([text, "x"]).tokens() == [tokens, ["x"]]


@settings(max_examples=200)
@given(st.lists(st.sampled_from([*EMOJI, " ", "你", "!", "x "]), max_size=8))
def test_emoji_stay_whole(pieces):
    tokens = WordTokenizer()("".join(pieces))
    assert tokens == [piece.strip() for piece in pieces if piece.strip()]


@given(TEXTS)
def test_no_token_holds_white_space_and_all_else_is_kept(text):
    tokenizer = WordTokenizer()
    tokens = tokenizer(text)
    assert not any(character.isspace() for token in tokens for character in token)
    visible = [c for c in tokenizer.normalizer(text) if unicodedata.category(c)[0] in "LNPSM"]
    assert [c for c in "".join(tokens) if unicodedata.category(c)[0] in "LNPSM"] == visible


@given(st.lists(TEXTS, max_size=5))
def test_many_texts_as_one_by_one(texts):
    for tokenizer in (WordTokenizer(), WordTokenizer(spaces=True), CharacterTokenizer()):
        assert tokenizer.all(texts) == [tokenizer(text) for text in texts]
        cut = tokenizer.cut(texts)
        tokens = [token for of_text in cut.tokens() for token in of_text]
        hash_of = dict(zip(tokens, cut.hashes.tolist(), strict=True))
        assert [hash_of[token] for token in tokens] == cut.hashes.tolist()
        assert len(set(hash_of.values())) == len(hash_of)


def test_one_string_is_refused_where_texts_are_due():
    for tokenizer in (WordTokenizer(), CharacterTokenizer()):
        with pytest.raises(DataError):
            tokenizer.all("abc")
