from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from kinfold.kernels import scan
from kinfold.text.characters import character_classes
from kinfold.text.normalize import Normalizer, to_buffer

MASK = (1 << 64) - 1
KEEP = Normalizer(compose=False, strip_html=False, lowercase=False)
TEXTS = ["two words", "", "é 你好👩‍🚀 x", "  a\n", "don't. stop", "𝔸" * 30]


def mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def fnv(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return mix(h)


def test_token_hashes_are_those_of_their_bytes():
    buf, offsets = to_buffer(TEXTS, KEEP)
    indptr, spans, hashes = scan.tokenize_all(buf, offsets, character_classes(), True, True)
    data = buf.tobytes()
    assert hashes.tolist() == [fnv(data[a:b]) for a, b, _ in spans.tolist()]
    assert indptr[0] == 0 and indptr[-1] == len(hashes) and (np.diff(indptr) >= 0).all()
    for t, (first, last) in enumerate(pairwise(indptr)):
        inside = spans[first:last]
        assert (inside[:, 0] >= offsets[t]).all() and (inside[:, 1] <= offsets[t + 1] - 1).all()
        assert (inside[:, 0] < inside[:, 1]).all() and (inside[1:, 0] >= inside[:-1, 1]).all()


def test_characters_are_code_points():
    buf, offsets = to_buffer(TEXTS, KEEP)
    indptr, spans, hashes = scan.split_characters(buf, offsets)
    assert np.diff(indptr).tolist() == [len(text) for text in TEXTS]
    data = buf.tobytes()
    assert [data[a:b].decode() for a, b, _ in spans.tolist()] == list("".join(TEXTS))
    assert hashes.tolist() == [fnv(character.encode()) for text in TEXTS for character in text]


def test_a_stretch_of_texts_is_read_as_a_whole():
    buf, offsets = to_buffer(TEXTS, KEEP)
    for make in (
        lambda offsets: scan.word_keys(buf, offsets, character_classes(), True, 1, 3),
        lambda offsets: scan.character_keys(buf, offsets, character_classes(), False, 2, 4),
        lambda offsets: scan.character_keys(buf, offsets, character_classes(), True, 2, 4),
        lambda offsets: scan.split_characters(buf, offsets),
    ):
        indptr, keys, *_ = make(offsets)
        part_indptr, part_keys, *_ = make(offsets[2:5])
        assert (part_indptr == indptr[2:5] - indptr[2]).all()
        assert (part_keys == keys[indptr[2] : indptr[4]]).all()


def test_keys_of_words_by_hand():
    buf, offsets = to_buffer(["a bc a"], KEEP)
    _, keys, starts, lengths = scan.word_keys(buf, offsets, character_classes(), True, 1, 2)
    a, bc = fnv(b"a"), fnv(b"bc")

    def pair(x, y):
        return mix((x * 0x9E3779B97F4A7C15 + y) & MASK)

    assert keys.tolist() == [a, pair(a, bc), bc, pair(bc, a), a]
    assert starts.tolist() == [0, 0, 2, 2, 5] and lengths.tolist() == [1, 4, 2, 4, 1]


def test_keys_of_characters_are_hashes_of_the_padded_word():
    buf, offsets = to_buffer(["né x"], KEEP)
    _, keys, _, _ = scan.character_keys(buf, offsets, character_classes(), False, 2, 3)
    wanted = [" n", " né", "né", "né ", "é ", " x", " x ", "x "]
    assert sorted(keys.tolist()) == sorted(fnv(name.encode()) for name in wanted)
    _, keys, _, _ = scan.character_keys(buf, offsets, character_classes(), True, 6, 9)
    assert keys.tolist() == [fnv(" né x ".encode())]
    _, keys, _, _ = scan.character_keys(buf, offsets, character_classes(), True, 7, 9)
    assert keys.tolist() == [fnv(" né x ".encode())], "shorter than the shortest: once, as a whole"


@pytest.mark.parametrize("across", [False, True])
def test_flags_and_lengths_rebuild_the_ngrams(across):
    buf, offsets = to_buffer(["né 你好", "x"], KEEP)
    _, keys, starts, lengths = scan.character_keys(buf, offsets, character_classes(), across, 1, 3)
    lines, line_offsets = scan.pad_characters(buf, starts, lengths)
    assert (scan.line_keys(lines, line_offsets, False) == keys).all()


def test_joined_words_have_the_keys_of_the_text():
    buf, offsets = to_buffer(["one,  two\n three 👩‍🚀", "four"], KEEP)
    _, keys, starts, lengths = scan.word_keys(buf, offsets, character_classes(), True, 1, 4)
    lines, line_offsets = scan.join_words(buf, starts, lengths, character_classes(), True)
    assert (scan.line_keys(lines, line_offsets, True) == keys).all()
    assert lines.tobytes().decode().split("\n")[3] == "one , two three"


def test_many_keys_do_not_collide():
    chance = random.Random(0)
    words = {"".join(chance.choice("abcdef") for _ in range(chance.randrange(1, 9))) for _ in range(50_000)}
    buf, offsets = to_buffer([" ".join(sorted(words))], KEEP)
    _, keys, _, _ = scan.word_keys(buf, offsets, character_classes(), True, 1, 2)
    assert len(np.unique(keys)) == len(keys)


def test_table_of_characters():
    classes = character_classes()
    assert classes.shape == (0x110000,) and not classes.flags.writeable
    for kind, characters in {
        scan.WORD: "aZ0_é٣шא",
        scan.SPACE: " \n\t\0\u200b\u2028\u3000\ud800\ue000",
        scan.SINGLE: "!<€你ไ🎉—\U0001fae8",
        scan.EXTEND: "\u0301\u200c\u00ad\U0001f3fd",
        scan.MID: "'\u2019",
        scan.JOIN: "\u200d",
        scan.FLAG: "\U0001f1e9",
    }.items():
        assert {int(classes[ord(character)]) for character in characters} == {kind}
