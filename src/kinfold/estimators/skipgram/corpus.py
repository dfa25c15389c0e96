"""Sentences -> a corpus that can be learned from, in a folder that goes when it is no longer needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from kinfold.errors import DataError
from kinfold.estimators.skipgram.options import Options
from kinfold.text.corpus import Corpus, Progress, Sentence, write_corpus, writing
from kinfold.types import Ids1d

#: Ids looked through at a time, and held-out ones looked through at most.
_IDS = 1 << 18


def read_corpus(
    sentences: Iterable[Sentence],
    folder: Path,
    options: Options,
    seed: int,
    known: dict[str, int] | None,
    progress: Progress | None,
) -> Corpus:
    """Write the ids of sentences to `folder`, and return them; raises as `SkipGram.fit` does."""
    if isinstance(sentences, str) or not isinstance(sentences, Iterable):
        raise DataError(
            "sentences must be a sequence of sentences, each a text or its tokens.",
            seen=f"{type(sentences).__name__}: {str(sentences)[:40]!r}",
            fix="Put one text in a list: [text].",
            code="T-001",
        )
    corpus = write_corpus(
        sentences,
        folder,
        tokenizer=options.cutter(),
        min_count=options.min_count,
        max_words=options.max_words,
        held_out=options.valid,
        seed=seed,
        known=known,
        progress=progress,
    )
    if len(corpus.words) < 2 or not _has_pair(corpus.tokens):
        raise DataError(
            "There is too little to learn from: a word's vector comes from other words of its sentences.",
            seen=f"{len(corpus.words):,} different words, {corpus.n_tokens:,} in all",
            fix="Give sentences, not single words; or more text, or a lower min_count.",
            code="T-003",
        )
    if options.valid > 0 and not _has_pair(corpus.held_out[:_IDS]):
        raise DataError(
            "No sentence of two words was held out: there are too few sentences for this share.",
            seen=f"valid={options.valid!r}",
            fix="Give shorter sentences, a larger share, or valid=0.",
            code="T-003",
        )
    return corpus


def _has_pair(ids: Ids1d) -> bool:
    """Return whether there are two words in one sentence."""
    blocks = (ids[first : first + _IDS] >= 0 for first in range(0, len(ids), _IDS - 1))
    return any((words[1:] & words[:-1]).any() for words in blocks)


@contextmanager
def folder_for(checkpoint: str | PathLike[str] | None) -> Iterator[Path]:
    """Yield the folder to write to: the checkpoint's, or one that goes when the block ends."""
    if checkpoint is not None:
        path = Path(checkpoint)
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
        yield path
        return
    with writing(Path(gettempdir())):
        made = TemporaryDirectory(prefix="kinfold-", ignore_cleanup_errors=True)
    with made as name:
        yield Path(name)
