"""The reviews of IMDB, the sentences in them that stand nowhere else, and vectors of their words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import kinfold as kf
from common import Recipe

#: So many words in a row, once shared, make two sentences the same; shorter sentences must be the same as a whole.
RUN = 8
_END, _WORD = re.compile(r"[.!?]+\s"), re.compile(r"[^\W_]+")


def imdb(recipe: Recipe, part: str) -> kf.Examples:
    """Return the reviews of IMDB's ``"train"``, ``"test"`` or ``"unsup"`` without their line breaks."""
    columns = {"text": "text", "quoting": "none"} | ({} if part == "unsup" else {"label": "label", "id": "id"})
    rows = kf.read_table(recipe.data / "imdb_reviews" / f"{part}.tsv.gz", **columns).examples
    return kf.Examples([text.replace("<br />", " ") for text in rows.texts], rows.labels, ids=rows.ids)


def word_vectors(recipe: Recipe, texts: Iterable[str], settings: Mapping[str, Any]) -> kf.WordVectors:
    """Return skip-gram vectors of the words of some texts."""
    model = kf.SkipGram(random_state=recipe.seed, **settings)
    return model.fit(texts, progress=recipe.progress).vectors_


def vectors_from_outside(recipe: Recipe, rows: kf.Examples, settings: Mapping[str, Any]) -> dict[str, kf.WordVectors]:
    """Return vectors that know no sentence of the rows: of the sentences of IMDB, and GloVe's; in short of the rows."""
    if recipe.quick:
        return {"IMDB": word_vectors(recipe, rows.texts, settings)}
    reviews = [text for part in ("train", "unsup", "test") for text in imdb(recipe, part).texts]
    apart = list(sentences_apart(reviews, rows.texts))
    of_imdb = word_vectors(recipe, apart, settings)
    glove = recipe.data / "glove_6b_100d_top50k" / "glove.6B.100d.top50k.txt.gz"
    return {"IMDB": of_imdb, "GloVe": kf.WordVectors.read(glove)}


def sentences_apart(texts: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """Yield the sentences of the texts, without those that stand in `known` too."""
    seen = {run for text in known for run in _runs(text)}
    for text in texts:
        yield from (sentence for sentence in _END.split(text) if seen.isdisjoint(_runs(sentence)))


def _runs(text: str) -> list[str]:
    words = _WORD.findall(text.lower())
    return [" ".join(words[i : i + RUN]) for i in range(max(1, len(words) - RUN + 1))]
