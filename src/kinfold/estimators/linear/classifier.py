"""Logistic regression on naive-Bayes-weighted n-grams: the classifier that comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.estimators.classifier import Classifying
from kinfold.estimators.decision import Costs
from kinfold.estimators.linear import fitting, more, saving
from kinfold.estimators.linear.fitting import Progress
from kinfold.estimators.linear.options import Options
from kinfold.explain.explanation import Contribution, Explanation
from kinfold.kernels.threads import thread_count
from kinfold.text.normalize import check_texts
from kinfold.types import Floats1d, Floats2d, Json, Layout, State


class LinearTextClassifier(Classifying):
    """Classifies texts by the n-grams they hold.

    Logistic regression on binary n-grams of words, and for short texts of characters too. With two classes a column
    is weighted by its naive-Bayes log-count ratio, with more by its inverse document frequency; each text's columns
    are scaled to length one. Regularisation is chosen by cross-validation on the training rows, and the same held-out
    scores calibrate the probabilities.

    Parameters
    ----------
    words
        Shortest and longest run of words, or None for none.
    characters
        Shortest and longest run of characters, None for none, or ``"auto"``: (3, 6) where the texts have
        fewer than 400 characters on average, else none.
    min_df
        Leave out n-grams that fewer training texts have.
    max_features
        Keep only that many n-grams of each kind, those in most texts; not with `n_bits`.
    n_bits
        None: n-grams are learned and can be named. A number: they are hashed to ``2 ** n_bits`` columns of each kind.
    weighting
        ``"nb"`` (two classes only), ``"idf"``, ``"none"``, or ``"auto"``: nb for two classes, else idf.
    smoothing
        Added to the counts of the log-count ratio.
    across_words
        Whether a run of characters may hold the blank between two words.
    character_weight
        Length of a text's characters relative to its words.
    loss
        ``"logistic"``, or ``"squared_hinge"`` for a support vector machine; held-out scores are calibrated either way.
        With fewer than 10 rows nothing can be held out, and it is always the first.
    C
        Inverse strength of regularisation; None: chosen by cross-validation among 0.03 to 300.
    n_folds
        Folds of that cross-validation, which also gives the scores that calibration and decisions are learned on.
    class_weight
        What a row's loss counts by its class: None all the same, ``"balanced"`` inversely to the class's size, a
        number from 0 to 1 for a power of that, or a weight for each label. Probabilities stay those of the training
        rows all the same, since calibration counts every row once.
    calibrate
        Learn probabilities on held-out scores. If False, margins are taken as log-odds as they are.
    metric
        What answers are tuned for on held-out scores: ``"accuracy"``, ``"macro_f1"``, or ``"f1"`` of the second of
        two classes.
    costs
        ``costs[true][answer]``: answers are then the cheapest by the probabilities. Unnamed errors cost 1.
    abstain_cost
        What giving no answer costs (an error costs 1, or what `costs` says): `predict` then returns None where every
        answer is expected to cost more. None: every text gets an answer.
    lowercase, strip_html, symbols
        Fold case; replace HTML tags and entities; count tokens that are no words.
    replay
        Training rows kept in the model, as n-gram numbers, so that `partial_fit` does not forget them.
    n_threads
        Threads to use; None for all processors. What is learned does not depend on it.
    random_state
        Seed of the folds, of the order of rows, and of the rows kept.

    Attributes
    ----------
    classes_ : list of str
        The labels, sorted.
    multilabel_ : bool
        Whether a text may have any number of labels: so if labels were given as tuples.
    C_ : float
        The inverse strength used.
    search_ : dict of float to float
        Each strength tried and its held-out log loss.
    n_features_ : int
        How many n-grams the model weighs.
    decision_ : Decision
        How probabilities become answers.

    Notes
    -----
    Wang and Manning (2012), "Baselines and bigrams"; Mesnil et al. (2015), "Ensemble of generative and discriminative
    techniques for sentiment analysis of movie reviews". Scaling rows to one length, which makes the strength comparable
    between data sets and gains accuracy, is ours.

    Examples
    --------
    >>> texts = ["good fun", "a good film", "bad taste", "a bad film", "good times", "bad times"]
    >>> labels = ["yes", "yes", "no", "no", "yes", "no"]
    >>> LinearTextClassifier().fit(texts, labels).predict(["good film"])
    ['yes']
    """

    def __init__(
        self,
        *,
        words: tuple[int, int] | None = (1, 3),
        characters: tuple[int, int] | str | None = "auto",
        min_df: int = 2,
        max_features: int | None = None,
        n_bits: int | None = None,
        weighting: str = "auto",
        smoothing: float = 1.0,
        across_words: bool = True,
        character_weight: float = 1.0,
        loss: str = "logistic",
        C: float | None = None,
        n_folds: int = 3,
        class_weight: str | float | Mapping[str, float] | None = None,
        calibrate: bool = True,
        metric: str = "accuracy",
        costs: Costs | None = None,
        abstain_cost: float | None = None,
        lowercase: bool = True,
        strip_html: bool = True,
        symbols: bool = True,
        replay: int = 1000,
        n_threads: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.words = words
        self.characters = characters
        self.min_df = min_df
        self.max_features = max_features
        self.n_bits = n_bits
        self.weighting = weighting
        self.smoothing = smoothing
        self.across_words = across_words
        self.character_weight = character_weight
        self.loss = loss
        self.C = C
        self.n_folds = n_folds
        self.class_weight = class_weight
        self.calibrate = calibrate
        self.metric = metric
        self.costs = costs
        self.abstain_cost = abstain_cost
        self.lowercase = lowercase
        self.strip_html = strip_html
        self.symbols = symbols
        self.replay = replay
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(self, texts: Sequence[str], labels: Sequence[Any], *, progress: Progress | None = None) -> Self:
        """Learn from texts and their labels: a string each, or a tuple of strings each for multi-label data.

        Raises
        ------
        DataError
            If there is nothing to learn: one class only, no n-gram in enough texts, labels that are no strings.
        InvalidParameterError
            If a parameter has a value that can't be used.
        """
        return self._take(fitting.fit(self._options(), check_texts(texts), labels, progress or fitting.silent))

    def partial_fit(self, texts: Sequence[str], labels: Sequence[Any], *, progress: Progress | None = None) -> Self:
        """Learn from more rows, new n-grams and new labels among them, without the old rows.

        What was learned is where the solve starts and what it is drawn to; the rows that the model has kept stand for
        those it has not. Like `fit` on a model that has learned nothing.
        """
        if not hasattr(self, "fitted_"):
            return self.fit(texts, labels, progress=progress)
        report = progress or fitting.silent
        return self._take(more.fit_more(self._options(), self.fitted_, check_texts(texts), labels, report))

    def decision_function(self, texts: Sequence[str]) -> Floats1d | Floats2d:
        """Return calibrated log-odds: (N,) of the second of two classes, else scores (N, C) before the softmax."""
        margins = self._margins(texts)
        scores = self.fitted_.calibration.scores(margins)
        return scores[:, 0] if self.fitted_.calibration.kind == "binary" else scores

    def predict_proba(self, texts: Sequence[str]) -> Floats2d:
        """Return the probability of each label, (N, C) in the order of `classes_`; rows sum to 1 unless multi-label."""
        margins = self._margins(texts)
        return self.fitted_.calibration(margins)

    def explain(self, text: str, label: str | None = None) -> Explanation:
        """Return what each n-gram of a text added to the score of a label; by default the likeliest one.

        The parts are exact: the score is the intercept and the sum of all contributions.
        """
        probabilities = self.predict_proba([text])[0]
        chosen = int(probabilities.argmax()) if label is None else self._place(label)
        calibration, model = self.fitted_.calibration, self.fitted_.model
        problem, sign = self._direction(chosen)
        read, places, added = model.parts(text)
        slope = sign * calibration.slopes[problem]
        intercept = slope * model.biases[problem] + sign * calibration.offsets[problem]
        weights = slope * added[:, problem]
        parts = [
            Contribution(model.features.name(column), float(weight), tuple(spans))
            for (column, spans), weight in zip(places.items(), weights, strict=True)
        ]
        parts.sort(key=lambda part: -abs(part.weight))
        score = float(intercept + weights.sum())
        return Explanation(
            read, self.classes_[chosen], float(probabilities[chosen]), score, float(intercept), tuple(parts)
        )

    def top_ngrams(self, label: str, n: int = 20) -> list[tuple[str, float]]:
        """Return the n-grams that speak most for a label, with their effect in log-odds in a text of typical length."""
        place = self._place(label)
        model, calibration = self.fitted_.model, self.fitted_.calibration
        problem, sign = self._direction(place)
        scales = np.repeat(self.fitted_.typical_scales, list(model.features.sizes.values()))
        effects = sign * calibration.slopes[problem] * scales * model.effects[:, problem]
        best = np.argpartition(-effects, min(n, len(effects) - 1))[:n]
        best = best[np.lexsort((best, -effects[best]))]
        return [(model.features.name(int(column)), float(effects[column])) for column in best if effects[column] > 0]

    def get_state(self) -> State:
        """Return what was learned; see `State`."""
        self._check_fitted("fitted_")
        return saving.to_state(self.fitted_)

    def set_state(self, state: State) -> Self:
        """Take over what another classifier with the same parameters has learned."""
        return self._take(saving.from_state(self._options(), state))

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return the arrays that a state with these parameters, values and vocabularies must have."""
        return saving.layout(params, values, vocabulary_sizes)

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the probabilities of some texts, (n, C)."""
        return self.predict_proba(texts)

    def _options(self) -> Options:
        return Options(**self.get_params(deep=False))

    def _take(self, fitted: fitting.Fitted) -> Self:
        self.fitted_ = fitted
        self.classes_ = list(fitted.classes)
        self.multilabel_ = fitted.multilabel
        self.C_ = fitted.strength
        self.search_ = dict(fitted.losses)
        self.n_features_ = len(fitted.model.weights)
        self.decision_ = fitted.decision
        return self

    def _margins(self, texts: Sequence[str]) -> Floats2d:
        self._check_fitted("fitted_")
        return self.fitted_.model.margins(texts, thread_count(self.n_threads))

    def _direction(self, place: int) -> tuple[int, float]:
        """Return the problem whose margin speaks for a class, and -1 if it speaks against it."""
        if self.fitted_.calibration.kind == "binary":
            return 0, 1.0 if place == 1 else -1.0
        return place, 1.0

    def _place(self, label: str) -> int:
        self._check_fitted("fitted_")
        if label not in self.classes_:
            known = ", ".join(map(repr, self.classes_[:20]))
            raise InvalidParameterError("That is no label of this model.", seen=repr(label), fix=f"One of {known}.")
        return self.classes_.index(label)
