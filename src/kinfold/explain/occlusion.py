"""Any scorer of texts and one text in; what the score loses without each part of the text out.

Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014, for pictures; Li, Monroe and
Jurafsky, Understanding neural networks through representation erasure, 2016, for words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, islice

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.explain.explanation import Contribution, Explanation
from kinfold.explain.parts import MAX_PARTS, Cutter, parts_of, without
from kinfold.types import Array, Floats2d

#: Texts -> the log-odds of each label against all others, (N, C).
Scorer = Callable[[list[str]], Floats2d]
#: Characters that are scored at a time.
BATCH_CHARACTERS = 4_000_000


def occlude(
    score: Scorer,
    text: str,
    tokenizer: Cutter,
    classes: Sequence[str],
    label: str | None = None,
    *,
    max_parts: int = MAX_PARTS,
) -> Explanation:
    """Return by how much the score of a label drops without each token of a text.

    Parameters
    ----------
    score
        Log-odds of each label against all others: `one_against_others` makes them of a softmax's scores. It is called
        once, or for long texts a few times, with the text, the empty text, and the variants.
    text
        The text.
    tokenizer
        What the parts are: words to read, also where the model reads characters.
    classes, label
        The labels in the order of the columns; the one to explain, by default the likeliest.
    max_parts
        A text of more tokens is cut into so many runs of equally many tokens at most, and each run is left out whole;
        a text so long that scoring it so often would take more than `kinfold.explain.parts.MAX_CHARACTERS`, into fewer.

    Returns
    -------
    explanation : Explanation
        Of kind ``"occlusion"``: its weights need not add up to the score, and its `remainder` says what is missing.

    Raises
    ------
    InvalidParameterError
        There is no such label.
    """
    if label is not None and label not in classes:
        known = ", ".join(map(repr, classes[:20]))
        raise InvalidParameterError("That is no label of this model.", seen=repr(label), fix=f"One of {known}.")
    read, runs = parts_of(text, tokenizer, max_parts)
    # What the model scores is the text as given; the variants differ from the text as it was read.
    given, empty, whole, *others = _score(score, [text, "", read], read, runs)
    place = int(np.argmax(given)) if label is None else classes.index(label)
    parts = [
        Contribution(read[start:end], float(whole[place] - row[place]), ((start, end),))
        for (start, end), row in zip(runs, others, strict=True)
    ]
    parts.sort(key=lambda part: -abs(part.weight))
    log_odds = float(given[place])
    probability = float(0.5 * (1.0 + np.tanh(0.5 * log_odds)))
    return Explanation(read, classes[place], probability, log_odds, float(empty[place]), tuple(parts), "occlusion")


def one_against_others(scores: Floats2d) -> Floats2d:
    """Return the log-odds of each class against all others, (N, C), of scores (N, C) that a softmax would take.

    They lose nothing where a probability is near 1, as those made of probabilities do.
    """
    scores = np.asarray(scores, np.float64)
    n_classes = scores.shape[1]
    out = np.empty_like(scores)
    for c in range(n_classes):
        others = np.delete(scores, c, axis=1)  # (N, C - 1)
        high = others.max(axis=1, keepdims=True)
        out[:, c] = scores[:, c] - high[:, 0] - np.log(np.exp(others - high).sum(axis=1))
    return out


def _score(score: Scorer, first: list[str], read: str, runs: list[tuple[int, int]]) -> list[Array]:
    """Return the scores, (C,) each, of some texts and of a text without each of its parts."""
    step = max(1, BATCH_CHARACTERS // max(1, len(read)))
    variants = chain(first, (without(read, start, end) for start, end in runs))
    rows: list[Array] = []
    while batch := list(islice(variants, step)):
        scores = np.asarray(score(batch), np.float64)
        if scores.ndim != 2 or len(scores) != len(batch):
            raise InvalidParameterError(
                "A scorer gives one row of log-odds a text.", seen=f"{scores.shape} for {len(batch)} texts"
            )
        rows += list(scores)
    return rows
