"""A linear model over n-grams: from texts to margins, and which n-gram added what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinfold.estimators.linear.dual import Weighting, margins_of, scale_rows
from kinfold.estimators.linear.features import Design, NGramFeatures
from kinfold.types import Array, Floats1d, Floats2d, Ids1d


@dataclass(frozen=True)
class NGramModel:
    """What a linear classifier has learned.

    Parameters
    ----------
    features
        The n-grams.
    weighting
        What decided the weights.
    frequency, positive
        (F,) int32: in how many training texts, and in how many of the label that log-count ratios are about.
    n_texts
        How many training texts there were.
    weights
        (F,) float32.
    effects
        (F, K) float32: weight times coefficient. K is 1 for two classes, else their number.
    biases
        (K,) float64.
    """

    features: NGramFeatures
    weighting: Weighting
    frequency: Ids1d
    positive: Ids1d
    n_texts: int
    weights: Array
    effects: Array
    biases: Floats1d

    def margins(self, texts: Sequence[str], n_threads: int) -> Floats2d:
        """Return uncalibrated log-odds, (N, K)."""
        return self.margins_of(self.features.design(texts), n_threads)

    def margins_of(self, design: Design, n_threads: int) -> Floats2d:
        """Return uncalibrated log-odds of rows, (N, K)."""
        scales = scale_rows(design, self.weights, self.weighting)
        return margins_of(design, scales, self.effects, self.biases, n_threads)

    def parts(self, text: str) -> tuple[str, dict[int, list[tuple[int, int]]], Floats2d]:
        """Take a margin apart.

        Returns
        -------
        text : str
            As the model reads it.
        places : dict
            Column -> where it stands in that text, for each known n-gram in the text.
        added : (n, K) float64
            What each of these columns, in that order, adds to the margins.
        """
        places: dict[int, list[tuple[int, int]]] = {}
        scale_of: dict[int, float] = {}
        scales = scale_rows(self.features.design([text]), self.weights, self.weighting)[0]
        first = 0
        read = text
        for vectorizer, scale in zip(self.features.vectorizers.values(), scales, strict=True):
            read, columns, spans = vectorizer.locate(text)
            for column, (start, end) in zip(columns.tolist(), spans.tolist(), strict=True):
                if column >= 0:
                    places.setdefault(first + column, []).append((start, end))
                    scale_of[first + column] = float(scale)
            first += vectorizer.n_columns
        factors = np.array([scale_of[column] for column in places])
        return read, places, self.effects[list(places)].astype(np.float64) * factors[:, None]
