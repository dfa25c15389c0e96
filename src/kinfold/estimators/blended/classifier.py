"""Several classifiers joined: a weighted sum of their log-odds, and an honest word on whether it is better than one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from kinfold.checks import SEED, Rules, check, optional, whole
from kinfold.estimators.blended import fitting
from kinfold.estimators.blended.base import Blended
from kinfold.estimators.blended.members import CLASSIFIERS, Family, members_of
from kinfold.estimators.blended.weights import to_probabilities
from kinfold.estimators.decision import DECIDING, Costs
from kinfold.estimators.linear.fitting import Progress, silent
from kinfold.explain.explanation import Explanation
from kinfold.explain.occlusion import occlude, one_against_others
from kinfold.text.normalize import Normalizer, check_texts
from kinfold.text.tokenizers import WordTokenizer
from kinfold.types import Floats1d, Floats2d


class BlendedClassifier(Blended):
    """Blends classifiers: the log-odds of each, weighted and added up.

    Every member learns `n_folds` times from all rows but a fold's. On what the members say of the rows they did not
    see, weights are learned: none is negative, and little evidence leaves them equal. Then every member learns from
    all rows. What the blend is worth is measured on the same held-out rows, by weights learned without them, and it is
    called better than its best member only if a paired test says so.

    Parameters
    ----------
    models
        Name -> classifier, or a sequence of classifiers; also as ``{"class": "LinearTextClassifier", "params": {}}``.
        Anything with fit, predict_proba and classes_ will do, but only classifiers of kinfold can be saved. They are
        copied, and learn anew. None for two linear models, of words and of characters.
    n_folds
        How often each member learns to be measured.
    metric, costs, abstain_cost
        What answers are tuned for on held-out rows; see `LinearTextClassifier`.
    n_threads
        Threads for members that leave their number open; None for all processors.
    random_state
        Seed of the folds and of the test. Members have their own.

    Attributes
    ----------
    classes_ : list of str
        The labels, sorted.
    multilabel_ : bool
        Whether a text may have any number of labels.
    members_ : dict of str to classifier
        The members, fitted on all rows.
    weights_ : dict of str to float
        What each one's log-odds are multiplied by.
    offsets_ : (K,) float64 array
        What is added: K is 1 for two classes, else C.
    fold_scores_ : dict of str to dict
        Log loss and accuracy on held-out rows, of each member and of the ``"blend"``; empty where nothing could be held
        out.
    verdict_ : Verdict
        Whether the blend is better than its best member: its text says so, or that it is not shown.
    decision_ : Decision
        How probabilities become answers.

    Notes
    -----
    Wolpert, Stacked generalization, Neural Networks 1992; Mesnil et al., Ensemble of generative and discriminative
    techniques for sentiment analysis of movie reviews, 2015. A member that overfits its own rows gains no weight by it:
    weights are learned on rows it did not see.

    Examples
    --------
    >>> from kinfold.estimators.linear.classifier import LinearTextClassifier
    >>> texts = ["good fun", "a good film", "bad taste", "a bad film", "good times", "bad times"] * 3
    >>> labels = ["yes", "yes", "no", "no", "yes", "no"] * 3
    >>> models = {"words": LinearTextClassifier(characters=None), "letters": LinearTextClassifier(words=None)}
    >>> BlendedClassifier(models=models).fit(texts, labels).predict(["good film"])
    ['yes']
    """

    family: ClassVar[Family] = CLASSIFIERS

    def __init__(
        self,
        *,
        models: Mapping[str, Any] | Sequence[Any] | None = None,
        n_folds: int = 3,
        metric: str = "accuracy",
        costs: Costs | None = None,
        abstain_cost: float | None = None,
        n_threads: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.models = models
        self.n_folds = n_folds
        self.metric = metric
        self.costs = costs
        self.abstain_cost = abstain_cost
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(self, texts: Sequence[str], labels: Sequence[Any], *, progress: Progress | None = None) -> Self:
        """Learn from texts and their labels: a string each, or a tuple of strings each for multi-label data.

        Raises
        ------
        DataError
            If there is nothing to learn for one of the members.
        InvalidParameterError
            If a parameter has a value that can't be used; U-020 for the models.
        """
        check(self, _RULES)
        members = members_of(CLASSIFIERS, self.models, self.n_threads)
        asked = fitting.Asked(self.n_folds, self.metric, self.costs, self.abstain_cost, self.random_state)

        def fresh() -> Any:
            return members_of(CLASSIFIERS, self.models, self.n_threads)

        return self._take(fitting.fit(asked, members, fresh, check_texts(texts), labels, progress or silent))

    def decision_function(self, texts: Sequence[str]) -> Floats1d | Floats2d:
        """Return log-odds: (N,) of the second of two classes, else scores (N, C) before the softmax."""
        scores = self._scores(texts)
        return scores[:, 0] if self.fitted_.kind == "binary" else scores

    def predict_proba(self, texts: Sequence[str]) -> Floats2d:
        """Return the probability of each label, (N, C) in the order of `classes_`; rows sum to 1 unless multi-label."""
        scores = self._scores(texts)
        return to_probabilities(scores, self.fitted_.kind)

    def explain(self, text: str, label: str | None = None) -> Explanation:
        """Return by how much the score of a label drops without each word of a text; by default of the likeliest one.

        The blend is asked as a whole, since its members may read a text in different ways; see `occlude`.
        """
        self._check_fitted("fitted_")
        # Case is kept: a member may read it.
        tokenizer = WordTokenizer(Normalizer(lowercase=False))
        return occlude(self._log_odds, text, tokenizer, self.classes_, label)

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the probabilities of some texts, (n, C)."""
        return self.predict_proba(texts)

    def _scores(self, texts: Sequence[str]) -> Floats2d:
        self._check_fitted("fitted_")
        return self.fitted_.scores(check_texts(texts))

    def _log_odds(self, texts: list[str]) -> Floats2d:
        """Return the log-odds of each label against all others, (N, C)."""
        scores = self._scores(texts)
        if self.fitted_.kind == "binary":
            return np.concatenate([-scores, scores], axis=1)
        return scores if self.multilabel_ else one_against_others(scores)


_RULES: Rules = {"n_folds": whole(2), **DECIDING, "n_threads": optional(whole()), "random_state": SEED}
