"""Do two texts belong together? Boosted trees over overlap, alignment and crossed words, without a net."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike, fspath
from typing import Any, ClassVar, Self

import numpy as np

from kinfold.estimators.base import silent
from kinfold.estimators.boosted import saving
from kinfold.estimators.boosted.crossed import SCORES, design_of
from kinfold.estimators.boosted.fitting import FittedBoosted, Progress, fitted
from kinfold.estimators.boosted.options import BoostedOptions
from kinfold.estimators.boosted.reading import CutPairs, read_known
from kinfold.estimators.boosted.reasons import CrossReason, Reason, Reasons
from kinfold.estimators.classifier import Classifying
from kinfold.estimators.decision import Costs
from kinfold.text.crosses import Crossing, crosses_of, named_crosses
from kinfold.text.pairtexts import NEGATIONS
from kinfold.types import Floats1d, Floats2d, Json, Layout, State
from kinfold.vectors.words import WordVectors


class BoostedPairMatcher(Classifying):
    """Says whether two texts belong together: the strong model without a net, to compare others with.

    Features of a pair (overlap of words, word pairs and character runs, plain, by idf and as a cosine; order; soft
    alignment; numbers, negation, names) go into boosted trees. So does the score of a linear model over hashed words:
    those both sides have, those one has, each that only the left has with each that only the right has, each that both
    have with each that only one has, and pairs of words in a row. Trees learn from scores of pairs that the linear
    model has not seen. No feature knows how often a text is asked about, with whom, or where it stands in the file.

    Parameters
    ----------
    directed
        Whether a pair and the same turned round may differ: who asks whom. If not, both get the very same score.
    match
        The label of pairs that match. None: if just one of the two says no ("no match", "different", "0"), the other
        one; else the second in the order of the alphabet.
    lowercase, strip_html
        Fold case; replace HTML tags and entities. Which words had capitals is a feature all the same.
    min_df
        Words in fewer texts weigh as much as one in a single text.
    characters
        Shortest and longest run of characters.
    negations
        Words that say no; None: none do, but those in ``n't``.
    embedding
        A file of word vectors, or `WordVectors`: words are then aligned by meaning as well as by spelling.
    embedding_words
        How many of its first words are kept that the training texts don't have.
    crosses
        Whether the linear model is learned.
    cross_bits
        It has ``2 ** cross_bits`` columns of each of five kinds.
    cross_words
        So many of the words that one side has alone, and of those both have, are crossed at most, the rarest.
    C
        Its inverse strength of regularisation; more than 1 is of use where texts recur in many pairs.
    n_folds
        So many models score the pairs that trees learn from, each those it has not seen.
    folds
        ``"components"``: nor any pair connected with them, so that trees learn how far words go among new texts.
        ``"pairs"``: only not the pair itself, for pairs to come of texts that are known already.
    max_trees, learning_rate, max_leaves, min_leaf, l2, feature_share
        The most trees; what a tree counts; its leaves at most; the pairs in a leaf at least; what keeps the numbers of
        leaves small; the share of features that a split looks at.
    patience
        Stop after so many trees that were of no use to the pairs held out; None: never. The best number is kept.
    valid
        Share of the pairs to hold out: whole components of texts that pairs connect.
    calibrate
        Learn on the pairs held out how sure answers are.
    metric
        What answers are tuned for on the pairs held out: ``"accuracy"``, ``"macro_f1"``, or ``"f1"`` of matches.
    costs, abstain_cost
        What wrong answers cost, and what giving none does; see `LinearTextClassifier`.
    random_state
        Seed of the folds, of what is held out and of the trees.

    Attributes
    ----------
    classes_ : list of str
        What pairs that do not match are called, and those that do.
    decision_ : Decision
        How probabilities become answers.
    feature_names_ : list of str
        What each feature says.
    n_trees_ : int
        How many trees were kept.
    losses_ : list of float
        The log loss of the pairs held out before the first tree and after each.
    counts_ : dict
        Training pairs of equal sides, of two labels, or with an empty side.

    Notes
    -----
    Trees are learned by scikit-learn, on as many threads as OMP_NUM_THREADS says; what is kept are their numbers.

    Examples
    --------
    >>> pairs = [("a fast car", "a quick car"), ("a fast car", "a red rose"), ("quick", "fast"), ("rose", "quick")]
    >>> labels = ["same", "other", "same", "other"]
    >>> BoostedPairMatcher(cross_bits=10, max_trees=5).fit(pairs * 4, labels * 4).classes_
    ['other', 'same']
    """

    task: ClassVar[str] = "match"
    fitted_: FittedBoosted

    def __init__(
        self,
        *,
        directed: bool = False,
        match: str | None = None,
        lowercase: bool = True,
        strip_html: bool = True,
        min_df: int = 2,
        characters: tuple[int, int] = (3, 4),
        negations: Sequence[str] | None = NEGATIONS,
        embedding: str | PathLike[str] | WordVectors | None = None,
        embedding_words: int = 0,
        crosses: bool = True,
        cross_bits: int = 21,
        cross_words: int = 24,
        C: float = 1.0,
        n_folds: int = 5,
        folds: str = "components",
        max_trees: int = 500,
        learning_rate: float = 0.1,
        max_leaves: int = 31,
        min_leaf: int = 20,
        l2: float = 1.0,
        feature_share: float = 0.5,
        patience: int | None = 20,
        valid: float = 0.1,
        calibrate: bool = True,
        metric: str = "accuracy",
        costs: Costs | None = None,
        abstain_cost: float | None = None,
        random_state: int = 0,
    ) -> None:
        self._store(locals())

    def fit(
        self, pairs: Any, labels: Iterable[Any] | None = None, *, valid: Any = None, progress: Progress | None = None
    ) -> Self:
        """Learn from pairs and their labels.

        Parameters
        ----------
        pairs, labels
            (left, right) texts and a label each, of two; or records with `left`, `right` and `label`, such as
            `kinfold.open_table` yields, which are read once.
        valid
            Pairs to hold out in place of a share: (pairs, labels), or records.
        progress
            Called as progress(what is being done, share of the whole that is done).

        Raises
        ------
        DataError
            D-150 to D-152, D-154, D-161 to D-163: pairs that can't be learned from. D-090, D-094: pairs held out that
            are not like the others.
        InvalidParameterError
            A parameter that can't be used.
        """
        return self._take(fitted(self._options(), pairs, labels, valid, progress or silent))

    def decision_function(self, pairs: Any) -> Floats1d:
        """Return calibrated log-odds that each pair matches, (N,)."""
        self._check_fitted("fitted_")
        return self.fitted_.calibration.scores(self._margins(pairs))[:, 0]

    def predict_proba(self, pairs: Any) -> Floats2d:
        """Return the probability of each label, (N, 2) in the order of `classes_`."""
        self._check_fitted("fitted_")
        return self.fitted_.calibration(self._margins(pairs))

    def features(self, pairs: Any) -> Floats2d:
        """Return what the trees look at, (N, F) in the order of `feature_names_`; NaN: it can't be told."""
        self._check_fitted("fitted_")
        options = self._options()
        return self.fitted_.rows(options, read_known(options, pairs)[0]).astype(np.float64)

    def explain(self, left: str, right: str) -> Reasons:
        """Return what each feature added to the log-odds of a pair, and which words mattered; see `Reasons`."""
        self._check_fitted("fitted_")
        learned, options = self.fitted_, self._options()
        read = read_known(options, [(left, right)])[0]
        rows = learned.rows(options, read)
        base, added = learned.trees.ways(rows[0])
        slope, offset = float(learned.calibration.slopes[0]), float(learned.calibration.offsets[0])
        parts = [
            Reason(name, float(value), slope * float(effect))
            for name, value, effect in zip(self.feature_names_, rows[0], added, strict=True)
        ]
        parts.sort(key=lambda one: -abs(one.effect))
        log_odds = learned.calibration.scores(learned.trees.margins(rows)[:, None])[0, 0]
        words = self._words(read, rows)
        classes = learned.classes
        return Reasons(left, right, float(log_odds), slope * base + offset, tuple(parts), words, classes)

    def get_state(self) -> State:
        """Return what was learned; see `State`."""
        self._check_fitted("fitted_")
        return saving.to_state(self.fitted_)

    def set_state(self, state: State) -> Self:
        """Take over what another estimator with the same parameters has learned."""
        return self._take(saving.from_state(self._options(), state))

    def saved_params(self) -> dict[str, Any]:
        """Return the parameters as a model folder holds them: vectors in memory are left out, the state has them."""
        given = self.get_params(deep=False)
        source = given["embedding"]
        words = given["negations"]
        return {
            **given,
            "embedding": fspath(source) if isinstance(source, str | PathLike) else None,
            "negations": None if words is None else list(words),
        }

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return the arrays that a state with these parameters, values and vocabularies must have."""
        return saving.layout(cls(**params)._options(), values, vocabulary_sizes)

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the probabilities (n, 2) of each text with the one after it."""
        return self.predict_proba(list(zip(texts, [*texts[1:], *texts[:1]], strict=True)))

    def _options(self) -> BoostedOptions:
        return BoostedOptions(**self.get_params(deep=False))

    def _take(self, learned: FittedBoosted) -> Self:
        self.fitted_ = learned
        self.classes_, self.multilabel_ = list(learned.classes), False
        self.decision_, self.losses_, self.counts_ = learned.decision, list(learned.losses), dict(learned.counts)
        self.n_trees_ = len(learned.trees)
        scores = () if learned.crossed is None else SCORES
        self.feature_names_ = [*learned.features.names, *scores]
        return self

    def _margins(self, pairs: Any) -> Floats2d:
        options = self._options()
        return self.fitted_.margins(options, read_known(options, pairs)[0])

    def _words(self, read: CutPairs, rows: Floats2d) -> tuple[CrossReason, ...]:
        """Return what the words of one pair added to its word score, the strongest first."""
        crossed, features, options = self.fitted_.crossed, self.fitted_.features, self._options()
        if crossed is None:
            return ()
        weights = features.weights(read.cut)
        asked = Crossing(bool(options.directed), int(options.cross_bits), int(options.cross_words))
        crosses = crosses_of(read.cut, read.pairs, weights, asked)
        effects = crossed.added(design_of(crosses, rows[:, : len(features.names)], crossed.edges))
        a, b = (int(place) for place in read.pairs[0])
        named = named_crosses(read.cut, (a, b), weights, asked)
        found = [CrossReason(kind, words, float(x)) for (kind, words), x in zip(named, effects, strict=True)]
        return tuple(sorted(found, key=lambda one: -abs(one.effect)))
