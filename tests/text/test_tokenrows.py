"""Texts -> rows of ids: the ids of the vocabulary, nothing lost, and memory that does not grow with the texts."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.errors import DataError, MachineError
from kinfold.text import tokenrows as module
from kinfold.text.tokenizers import CharacterTokenizer, WordTokenizer
from kinfold.text.tokenrows import TokenRows, ids_type, open_rows, read_rows, write_rows
from kinfold.text.vocabulary import UNK, Vocabulary

TEXTS = ["a cat, a dog", "", "the dog!", "a a a cat", "zebra"]


def listed(rows):
    """Return each row's ids."""
    return [row[:n].tolist() for row, n in zip(rows.padded(np.arange(len(rows))), rows.lengths, strict=True)]


def test_ids_are_those_of_the_vocabulary(tmp_path):
    written = write_rows(TEXTS, tmp_path, tokenizer=WordTokenizer(), min_count=2)
    assert written.vocabulary.to_text().decode().split() == ["a", "cat", "dog"]
    cut = [WordTokenizer()(text) for text in TEXTS]
    assert listed(written.rows) == [written.vocabulary.ids(tokens).tolist() for tokens in cut]
    assert listed(written.rows)[4] == [UNK]
    assert written.rows_with.tolist() == [0, 0, 0, 2, 2, 2]
    assert written.n_empty == 2 and written.n_cut == 0
    again, keys, _ = read_rows(TEXTS, WordTokenizer(), written.vocabulary)
    assert listed(again) == listed(written.rows)
    assert np.array_equal(keys, written.keys)


def test_rows_are_padded_with_zeros_on_the_right(tmp_path):
    rows = write_rows(TEXTS, tmp_path, tokenizer=WordTokenizer()).rows
    padded = rows.padded(np.array([4, 0, 1]))
    assert padded.dtype == np.int64 and padded.shape == (3, 5)
    assert (padded > 0).sum(axis=1).tolist() == [1, 5, 0]
    assert padded[0, 1:].tolist() == [0] * 4
    assert rows.padded(np.array([1])).shape == (1, 0)


def test_the_rarest_are_left_out_and_more_tokens_can_be_given(tmp_path):
    written = write_rows(
        TEXTS, tmp_path, tokenizer=WordTokenizer(), max_tokens=2, more=lambda words: ["unseen"] if "a" in words else []
    )
    assert written.vocabulary.to_text().decode().split() == ["a", "cat", "unseen"]
    assert written.rows_with.tolist() == [0, 0, 0, 2, 2, 0]


def test_an_alphabet_is_all_there_is(tmp_path):
    written = write_rows(TEXTS, tmp_path, tokenizer=CharacterTokenizer(), alphabet="tcazt")
    assert len(written.vocabulary) == 3 + 4
    names = ["".join(written.vocabulary.tokens(row)) for row in listed(written.rows)]
    assert names == ["acata", "", "t", "aaacat", "za"]
    dropped, _, _ = read_rows(TEXTS, CharacterTokenizer(), written.vocabulary, drop=True)
    assert listed(dropped) == listed(written.rows)


def test_long_texts_are_cut_and_counted(tmp_path):
    texts = ["a b c d e f", "a b", "x" * 100_000]
    written = write_rows(texts, tmp_path, tokenizer=WordTokenizer(), longest=3)
    assert written.rows.lengths.tolist() == [3, 2, 1] and written.n_cut == 2
    rows, _, n_cut = read_rows(texts, WordTokenizer(), written.vocabulary, longest=3)
    assert listed(rows) == listed(written.rows) and n_cut == 2


def test_equal_rows_have_equal_keys_and_others_have_not():
    texts = ["a b c", "c b a", "A  b c", "a b", "a b c d", "", "a a", "a"]
    _, keys, _ = read_rows(texts, WordTokenizer(), Vocabulary(["a"]))
    assert keys[0] == keys[2]
    assert len(set(keys.tolist())) == len(texts) - 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(alphabet="ab c\n\u00e9\U0001f600", max_size=12), max_size=20),
    st.integers(1, 3),
    st.sampled_from([None, 2, 5]),
)
def test_batches_and_blocks_change_nothing(tmp_path_factory, texts, min_count, longest):
    tokenizer = CharacterTokenizer()
    counts = Counter(c for text in texts for c in tokenizer(text)[:longest])
    wanted = Vocabulary.from_counts(counts, min_count=min_count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_TEXTS", 3)
        patch.setattr(module, "_BLOCK", 4)
        folder = tmp_path_factory.mktemp("rows")
        written = write_rows(iter(texts), folder, tokenizer=tokenizer, min_count=min_count, longest=longest)
    assert written.vocabulary.to_text() == wanted.to_text()
    assert listed(written.rows) == [wanted.ids(tokenizer(text)[:longest]).tolist() for text in texts]
    assert len(written.keys) == len(texts)
    held = [Counter(set(row)) for row in listed(written.rows)]
    assert written.rows_with[3:].tolist() == [sum(of_row[i] for of_row in held) for i in range(3, len(wanted))]


@pytest.mark.parametrize(("n_ids", "kind"), [(256, np.uint8), (257, np.uint16), (65536, np.uint16), (65537, np.uint32)])
def test_ids_take_as_little_as_they_can(n_ids, kind):
    assert ids_type(n_ids) is kind


def test_what_was_written_can_be_opened_again(tmp_path):
    written = write_rows(TEXTS, tmp_path, tokenizer=WordTokenizer())
    again = open_rows(tmp_path, written.rows.starts, len(written.vocabulary))
    assert listed(again) == listed(written.rows)
    assert (tmp_path / module.IDS).stat().st_size == written.rows.starts[-1]
    assert not (tmp_path / "read.ids").exists()


def test_no_texts_make_no_rows(tmp_path):
    written = write_rows([], tmp_path, tokenizer=WordTokenizer())
    assert len(written.rows) == 0 and len(written.vocabulary) == 3
    assert TokenRows(np.zeros(0, np.uint8), np.zeros(1, np.int64)).padded(np.zeros(0, np.int64)).shape == (0, 0)


def test_a_text_that_is_none_is_named_by_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TEXTS", 2)
    with pytest.raises(DataError, match="Text 4"):
        write_rows(["a", "b", "c", "d", None], tmp_path, tokenizer=WordTokenizer())


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(MachineError):
        write_rows(["a"], tmp_path / "none", tokenizer=WordTokenizer())


_MEASURED = """
import resource, sys
from pathlib import Path
from kinfold.text import tokenrows
from kinfold.text.tokenizers import WordTokenizer
import numpy as np
n, folder = int(sys.argv[1]), Path(sys.argv[2])
tokenrows._BLOCK = 1 << 18
made = [" ".join(f"w{(i * 7 + j * 13) % 997}" for j in range(400)) for i in range(50)]
rows = tokenrows.write_rows((made[i % 50] for i in range(n)), folder, tokenizer=WordTokenizer()).rows
for first in range(0, len(rows), 64):
    rows.padded(np.arange(first, min(first + 64, len(rows))))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_the_texts(tmp_path):
    peaks = []
    for n in (8_000, 32_000):
        folder = tmp_path / str(n)
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, str(n), str(folder)], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout))
    # The second has 38 MB more of entries and 19 MB more of ids on disk; a row keeps 24 bytes in memory.
    assert peaks[1] < peaks[0] + 15, peaks
