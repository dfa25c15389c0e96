"""Sentences -> word ids on disk: nothing lost, nothing counted twice, and memory that does not grow with the text."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.errors import DataError, MachineError
from kinfold.text import corpus as module
from kinfold.text.corpus import END, open_corpus, write_corpus
from kinfold.text.normalize import Normalizer
from kinfold.text.tokenizers import WordTokenizer

WORDS = WordTokenizer(Normalizer(), symbols=False)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a corpus, each to a folder of its own."""
    made = iter(range(10_000))

    def written(sentences, *, tokenizer=None, min_count=1, **options):
        folder = tmp_path / str(next(made))
        folder.mkdir()
        return write_corpus(sentences, folder, tokenizer=tokenizer, min_count=min_count, **options)

    return written


def sentences_of(corpus, ids=None):
    """Return the sentences as lists of words."""
    ids = (corpus.tokens if ids is None else ids).tolist()
    assert not ids or ids[-1] == END
    out, sentence = [], []
    for i in ids:
        if i == END:
            out.append(sentence)
            sentence = []
        else:
            sentence.append(corpus.words[i])
    return out


def some_sentences(n=500, n_words=60, seed=0):
    chosen = random.Random(seed)
    names = [f"w{i}" for i in range(n_words)]
    weights = [1 / (1 + i) for i in range(n_words)]
    return [chosen.choices(names, weights, k=chosen.randint(0, 12)) for _ in range(n)]


def test_ids_are_the_words_again(write):
    sentences = some_sentences()
    corpus = write(sentences)
    assert sentences_of(corpus) == sentences
    assert corpus.tokens.dtype == np.int32 and corpus.counts.dtype == np.int64 and len(corpus.held_out) == 0
    assert corpus.n_tokens == sum(map(len, sentences)) and corpus.n_dropped == 0
    with pytest.raises(ValueError, match="read-only"):
        corpus.tokens[0] = 1


def test_counts_are_those_of_a_counter(write):
    sentences = some_sentences(100)
    corpus = write(sentences, min_count=3)
    counted = {word: n for word, n in Counter(chain(*sentences)).items() if n >= 3}
    assert dict(zip(corpus.words, corpus.counts.tolist(), strict=True)) == counted
    assert corpus.words == sorted(counted, key=lambda word: (-counted[word], word))
    assert sentences_of(corpus) == [[word for word in sentence if word in counted] for sentence in sentences]
    assert corpus.n_tokens == sum(counted.values())
    assert corpus.n_dropped == sum(map(len, sentences)) - corpus.n_tokens > 0


def test_ties_go_by_the_alphabet_of_bytes(write):
    assert write([["b", "é", "a", "Z", "😀", "aa", "\uffff"]]).words == ["Z", "a", "aa", "b", "é", "\uffff", "😀"]
    assert write([["b", "a", "c", "c"]], max_words=2).words == ["c", "a"]
    assert write([["b", "a", "c", "c"]], max_words=99).words == ["c", "a", "b"]


def test_an_iterator_is_read_once(write):
    sentences = some_sentences(100)
    once = iter(sentences)
    assert sentences_of(write(once)) == sentences
    assert next(once, "nothing") == "nothing"


def test_texts_are_cut_and_tokens_are_left_alone(write):
    texts = ["Don't STOP, it's <b>5</b> o'clock!", "", "日本 ok 😀"]
    cut = [WORDS(text) for text in texts]
    assert sentences_of(write(texts, tokenizer=WORDS)) == cut and cut[0][0] == "don't"
    assert sentences_of(write(texts)) == [text.split() for text in texts]
    mixed = [texts[0], ("As", "it is,"), texts[2]]
    assert sentences_of(write(mixed, tokenizer=WORDS)) == [cut[0], ["As", "it is,"], cut[2]]
    # The same word is the same id, whichever way it came.
    assert write([*texts, *cut], tokenizer=WORDS).words == write(texts, tokenizer=WORDS).words


def test_awkward_tokens_come_back(write):
    tokens = ["😀", "👩‍👩‍👧", "a\0b", "\0", "x\u2028y", "\u2029", " ", "a b", "\r", "\x85", "\\n", "<s>"]
    tokens += ["e\u0301", "é", "\ufeff"]
    corpus = write([tokens, tokens[::-1]])
    assert sentences_of(corpus) == [tokens, tokens[::-1]] and len(corpus.words) == len(tokens)


@pytest.mark.parametrize("bad", ["", "a\n", "\n", "a\nb", "\ud800", "x\udfff", b"word", 7, None, 0.5, ["nested"]])
@pytest.mark.parametrize("tokenizer", [None, WORDS])
def test_a_token_that_is_no_word_is_named(write, bad, tokenizer):
    sentences = [["fine"], ["also", "fine"], ["not", bad, "fine"], ["later"]]
    with pytest.raises(DataError, match="Sentence 2 ") as caught:
        write(sentences, tokenizer=tokenizer)
    assert caught.value.code == "T-001" and caught.value.seen == ascii(bad)[:60]


@pytest.mark.parametrize("bad", [None, 5, b"bytes", {"a": 1}, {"a"}, iter("ab"), np.array(["a", "b"])])
def test_a_sentence_that_is_none_is_named(write, bad, monkeypatch):
    monkeypatch.setattr(module, "_SENTENCES", 2)  # so that it is not in the first batch
    with pytest.raises(DataError, match=r"Sentence 3 is neither") as caught:
        write([["a"], "b", ["c"], bad], tokenizer=WORDS)
    assert caught.value.code == "T-001" and type(bad).__name__ in caught.value.seen


def test_half_a_character_in_a_text(write):
    """The tokenizer of words replaces it; at white space it would stay, and no file could hold it."""
    assert write(["a\ud800 b"], tokenizer=WORDS).words == ["a", "b"]
    with pytest.raises(DataError, match="Sentence 0"):
        write(["a\ud800 b"])


@pytest.mark.parametrize("sentences", [[], [""], ["", " ", ""], [[]], [["a"], ["b"]], ["a b c"]])
@pytest.mark.parametrize("tokenizer", [None, WORDS])
def test_nothing_to_learn_from(write, sentences, tokenizer):
    with pytest.raises(DataError, match="No word occurs 2 times") as caught:
        write(sentences, tokenizer=tokenizer, min_count=2)
    assert caught.value.code == "T-002"
    n = len(set(chain(*(s.split() if isinstance(s, str) else s for s in sentences))))
    assert caught.value.seen.endswith(f"{n} of them different")


@given(
    st.lists(st.one_of(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=3), max_size=5)), max_size=30),
    st.integers(1, 3),
    st.sampled_from([None, 1, 4]),
    st.booleans(),
)
@settings(deadline=None)
def test_any_sentences(tmp_path_factory, sentences, min_count, max_words, as_words):
    tokenizer = WORDS if as_words else None
    sentences = [s for s in sentences if "\n" not in "".join(s)]
    cut = [s if isinstance(s, list) else tokenizer(s) if tokenizer else s.split() for s in sentences]
    counted = Counter(chain(*cut))
    kept = sorted((w for w in counted if counted[w] >= min_count), key=lambda w: (-counted[w], w.encode()))[:max_words]
    folder = tmp_path_factory.mktemp("corpus")
    options = {"tokenizer": tokenizer, "min_count": min_count, "max_words": max_words}
    if not kept:
        with pytest.raises(DataError, match="No word"):
            write_corpus(sentences, folder, **options)
        return
    corpus = write_corpus(sentences, folder, **options)
    assert corpus.words == kept and corpus.counts.tolist() == [counted[word] for word in kept]
    assert sentences_of(corpus) == [[word for word in sentence if word in kept] for sentence in cut]


def same(left, right):
    """Return whether two corpora are the same to the last id."""
    assert left.words == right.words and (left.counts == right.counts).all()
    assert (left.n_tokens, left.n_dropped) == (right.n_tokens, right.n_dropped)
    return left.tokens.tobytes() == right.tokens.tobytes() and left.held_out.tobytes() == right.held_out.tobytes()


def test_where_batches_end_changes_nothing(write, monkeypatch):
    sentences = [" ".join(s) if i % 3 else s for i, s in enumerate(some_sentences(300))]
    options = {"tokenizer": WORDS, "min_count": 3, "held_out": 0.3, "seed": 5}
    whole = write(sentences, **options)
    for n_sentences, size, block in ((1, 1 << 21, 1 << 21), (7, 1 << 21, 5), (4096, 1, 1), (100, 50, 64)):
        monkeypatch.setattr(module, "_SENTENCES", n_sentences)
        monkeypatch.setattr(module, "_SIZE", size)
        monkeypatch.setattr(module, "_BLOCK", block)
        assert same(write(sentences, **options), whole), (n_sentences, size, block)


def test_held_out_hangs_on_the_seed_and_the_words(write):
    sentences = [" ".join(s) for s in some_sentences(2000)]
    options = {"tokenizer": WORDS, "held_out": 0.2}

    def apart(texts, seed):
        corpus = write(texts, seed=seed, **options)
        return Counter(map(tuple, sentences_of(corpus, corpus.held_out))), corpus

    first, corpus = apart(sentences, 1)
    assert first == apart(sentences, 1)[0] == apart(sentences[::-1], 1)[0]
    # Other sentences around it, or none, change nothing for a sentence.
    assert apart(sentences[::2], 1)[0] == Counter(tuple(s.split()) for s in sentences[::2] if tuple(s.split()) in first)
    assert first != apart(sentences, 2)[0]
    learned = Counter(map(tuple, sentences_of(corpus)))
    assert not first.keys() & learned.keys()  # copies stay together
    assert first + learned == Counter(tuple(s.split()) for s in sentences)
    counted = Counter(chain(*sentences_of(corpus)))
    assert dict(zip(corpus.words, corpus.counts.tolist(), strict=True)) == counted  # of what is learned from
    assert corpus.n_tokens == sum(counted.values())


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("seed", [0, 1, (1 << 62) - 1])
def test_held_out_shares_are_right(write, share, seed):
    sentences = [[f"w{i}", f"w{i + 1}"] for i in range(20_000)]
    corpus = write(sentences, held_out=share, seed=seed)
    n = int((corpus.held_out == END).sum())
    assert abs(n - 20_000 * share) < 5 * np.sqrt(20_000 * share * (1 - share))
    assert n + int((corpus.tokens == END).sum()) == 20_000


def test_words_known_before(write):
    known = {"old": 50, "rare": 2, "again": 7}
    corpus = write([["new", "again", "new", "odd"], ["again", "new"]], min_count=3, known=known)
    assert corpus.words == ["old", "again", "new", "rare"] and corpus.counts.tolist() == [50, 9, 3, 2]
    assert sentences_of(corpus) == [["new", "again", "new"], ["again", "new"]] and corpus.n_dropped == 1
    assert write([], known=known).words == ["old", "again", "rare"]


def test_known_words_come_before_the_most_frequent(write):
    known = {"old": 5, "rare": 1}
    sentences = [["new"] * 9 + ["newer"] * 8 + ["other"] * 8]
    assert write(sentences, known=known, max_words=4).words == ["new", "newer", "old", "rare"]
    assert write(sentences, known=known, max_words=2).words == ["old", "rare"]
    assert write(sentences, known=known, max_words=1).words == ["old", "rare"]  # none is forgotten


def test_opened_again(write, tmp_path):
    corpus = write(some_sentences(), min_count=2, held_out=0.2)
    again = open_corpus(tmp_path / "0", corpus.words, corpus.counts, corpus.n_tokens, corpus.n_dropped)
    assert same(again, corpus)
    assert sorted(path.name for path in (tmp_path / "0").iterdir()) == ["held-out.ids", "tokens.ids"]


def test_progress_is_told_now_and_then(write, monkeypatch):
    monkeypatch.setattr(module, "_SAID_EVERY", 1000)
    monkeypatch.setattr(module, "_SENTENCES", 10)
    said = []
    write([["word"] * 100] * 101, progress=lambda *what: said.append(what))
    assert len(said) == 10 and all(what.startswith("reading: ") and share is None for what, share in said)


def test_an_error_of_the_reader_is_not_taken_for_ours(write):
    def broken():
        yield ["a", "b"]
        raise FileNotFoundError(2, "No such file or directory", "theirs.txt")

    with pytest.raises(FileNotFoundError, match=r"theirs\.txt") as caught:
        write(broken())
    assert not isinstance(caught.value, MachineError)


def test_a_disk_that_refuses(tmp_path):
    with pytest.raises(MachineError, match="can't be written") as caught:
        write_corpus([["a"]], tmp_path / "not there", tokenizer=None, min_count=1)
    assert caught.value.code == "M-012" and str(tmp_path) in caught.value.what


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is Linux's")
def test_a_full_disk(tmp_path):
    for name in ("read.ids", "tokens.ids"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).symlink_to("/dev/full")
        with pytest.raises(MachineError, match="can't be written") as caught:
            write_corpus([["a"] * 5000] * 10, folder, tokenizer=None, min_count=1)
        assert caught.value.code == "M-012" and caught.value.seen == "No space left on device"


GROWTH = """
import random, re, sys
from pathlib import Path
import numpy as np
from kinfold.text.corpus import write_corpus
from kinfold.text.normalize import Normalizer
from kinfold.text.tokenizers import WordTokenizer

def mb(name):
    return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

folder, n = Path(sys.argv[1]), int(sys.argv[2])
texts = [" ".join(f"w{random.randrange(3000)}" for _ in range(100)) for _ in range(500)]
options = {"tokenizer": WordTokenizer(Normalizer(), symbols=False), "min_count": 1}
write_corpus(texts * 50, folder, **options)  # all is loaded, and buffers are as large as they get
before = mb("VmHWM")
corpus = write_corpus((texts[i % 500] for i in range(n)), folder, **options)
read = mb("VmHWM") - before
total = int(corpus.tokens.sum())  # the map is in memory now
full = mb("RssFile")
corpus.release()
released = full - mb("RssFile")
print((folder / "tokens.ids").stat().st_size / 2**20, read, released, int(corpus.tokens.sum()) == total)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_memory_does_not_grow_with_the_text(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(tmp_path), "120000"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    size, grown, released, whole = done.stdout.split()
    assert float(size) > 45 and whole == "True"
    assert float(grown) < 0.5 * float(size), f"{grown} MB more memory for {size} MB of ids"
    assert float(released) > 0.8 * float(size)
