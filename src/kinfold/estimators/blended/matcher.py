"""Several matchers joined: a weighted sum of their log-odds that two texts belong together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from kinfold.checks import FLAG, LABEL, SEED, SHARE, Rules, check, optional, whole
from kinfold.estimators.base import TextEstimator
from kinfold.estimators.blended import pairs as learning
from kinfold.estimators.blended.base import Blended
from kinfold.estimators.blended.fitting import Asked
from kinfold.estimators.blended.members import MATCHERS, Family, members_of, specs_of
from kinfold.estimators.blended.weights import to_probabilities
from kinfold.estimators.decision import DECIDING, Costs
from kinfold.estimators.linear.fitting import Progress, silent
from kinfold.estimators.pairs.sides import Sides, sides_of
from kinfold.explain.meeting import Meeting, meeting_of
from kinfold.text.normalize import Normalizer
from kinfold.text.tokenizers import WordTokenizer
from kinfold.types import Classifier, Floats1d, Floats2d, State

#: Parameters that every member takes over.
_OF_ALL = ("directed", "match")


class BlendedPairMatcher(Blended):
    """Blends matchers: the log-odds of each that two texts belong together, weighted and added up.

    Boosted trees see a pair as a whole, a net what each word finds on the other side, and they err on different pairs.
    Every member learns once, from the same pairs; those held out say when each of them stops, what each one weighs,
    and whether the blend is better than its best member. No weight is negative.

    Parameters
    ----------
    models
        Name -> matcher, or a sequence of matchers; also as ``{"class": "PairMatcher", "params": {}}``. They are copied,
        and learn anew. None for boosted trees and a net with attention.
    directed
        Whether a pair and the same turned round may differ: who asks whom. Goes to every member.
    match
        The label of pairs that match; goes to every member. See `PairMatcher`.
    valid
        Share of the pairs to hold out: whole components of texts that pairs connect, as long as they are small.
    n_folds
        Into so many parts the pairs held out are cut, by component, to see what the blend gains: each is scored with
        weights of the others.
    metric, costs, abstain_cost
        What answers are tuned for on the pairs held out; see `PairMatcher`.
    n_threads
        Threads for members that leave their number open; None for all processors.
    random_state
        Seed of what is held out and of the test. Members have their own.

    Attributes
    ----------
    classes_ : list of str
        What pairs that do not match are called, and those that do.
    members_ : dict of str to matcher
        The members, fitted.
    weights_ : dict of str to float
        What each one's log-odds are multiplied by.
    offsets_ : (1,) float64 array
        What is added.
    fold_scores_ : dict of str to dict
        Log loss and accuracy on the pairs held out, of each member and of the ``"blend"``; empty where nothing was.
    verdict_ : Verdict
        Whether the blend is better than its best member: its text says so, or that it is not shown.
    decision_ : Decision
        How probabilities become answers.
    counts_ : dict
        Training pairs of equal sides, of two labels, or with an empty side.

    Notes
    -----
    Nets stopped by the pairs held out, so that the members' own figures there are a little too good, the more so the
    more epochs there were to choose from. See `BlendedClassifier` for sources.

    Examples
    --------
    >>> from kinfold.estimators.boosted.matcher import BoostedPairMatcher
    >>> pairs = [("a fast car", "a quick car"), ("a fast car", "a red rose"), ("quick", "fast"), ("rose", "quick")]
    >>> labels = ["same", "other", "same", "other"]
    >>> trees = {"few": BoostedPairMatcher(cross_bits=10, max_trees=5), "none": BoostedPairMatcher(crosses=False)}
    >>> BlendedPairMatcher(models=trees).fit(pairs * 4, labels * 4).classes_
    ['other', 'same']
    """

    task: ClassVar[str] = "match"
    family: ClassVar[Family] = MATCHERS

    def __init__(
        self,
        *,
        models: Mapping[str, Any] | Sequence[Any] | None = None,
        directed: bool = False,
        match: str | None = None,
        valid: float = 0.1,
        n_folds: int = 5,
        metric: str = "accuracy",
        costs: Costs | None = None,
        abstain_cost: float | None = None,
        n_threads: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.models = models
        self.directed = directed
        self.match = match
        self.valid = valid
        self.n_folds = n_folds
        self.metric = metric
        self.costs = costs
        self.abstain_cost = abstain_cost
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(
        self, pairs: Any, labels: Iterable[Any] | None = None, *, valid: Any = None, progress: Progress | None = None
    ) -> Self:
        """Learn from pairs and their labels.

        Parameters
        ----------
        pairs, labels
            (left, right) texts and a label each, of two; or records with `left`, `right` and `label`.
        valid
            Pairs to hold out in place of a share: (pairs, labels), or records.
        progress
            Called as progress(what is being done, share of the whole that is done).

        Raises
        ------
        DataError
            D-150 to D-154, D-161, D-163: pairs that can't be learned from; and what members raise.
        InvalidParameterError
            A parameter that can't be used; U-020 for the models.
        """
        check(self, _RULES)
        asked = Asked(self.n_folds, self.metric, self.costs, self.abstain_cost, self.random_state)
        given = (pairs, labels)
        found = learning.fit(asked, self._fresh(), self.match, self.valid, given, valid, progress or silent)
        self.counts_ = found[1]
        return self._take(found[0])

    def decision_function(self, pairs: Any) -> Floats1d:
        """Return log-odds that each pair matches, (N,)."""
        return self._scores(pairs)[:, 0]

    def predict_proba(self, pairs: Any) -> Floats2d:
        """Return the probability of each label, (N, 2) in the order of `classes_`."""
        return to_probabilities(self._scores(pairs), "binary")

    def explain(self, left: str, right: str) -> Meeting:
        """Return what each word of the two sides adds to the log-odds, and which words of the two met.

        The blend is asked as a whole, without each word in turn, since its members read pairs in different ways.
        """
        self._check_fitted("fitted_")
        # Case is kept: a member may read it.
        words = WordTokenizer(Normalizer(lowercase=False))
        return meeting_of(self.decision_function, left, right, words, self.classes_)

    def get_state(self) -> State:
        """Return what was learned; see `Blended.get_state`."""
        state = super().get_state()
        return State(state.arrays, state.vocabularies, {**state.values, "counts": dict(self.counts_)})

    def set_state(self, state: State) -> Self:
        """Take over what another blend with the same parameters has learned."""
        self.counts_ = dict(state.values["counts"])
        return super().set_state(state)

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the probabilities (n, 2) of each text with the one after it."""
        return self.predict_proba(list(zip(texts, [*texts[1:], *texts[:1]], strict=True)))

    def _fresh(self) -> dict[str, Classifier]:
        """Return members that have learned nothing, with the direction and the label of the whole."""
        made = members_of(MATCHERS, self.models, self.n_threads)
        for member in made.values():
            if isinstance(member, TextEstimator):
                member.set_params(**{name: vars(self)[name] for name in _OF_ALL})
        return made

    @classmethod
    def _models(cls, params: dict[str, Any]) -> dict[str, Mapping[str, Any]]:
        """Return the members, the direction and the label of the whole among the parameters of each."""
        shared = {name: params[name] for name in _OF_ALL}
        specs = specs_of(MATCHERS, params["models"])
        return {name: {"class": spec["class"], "params": {**spec["params"], **shared}} for name, spec in specs.items()}

    def _scores(self, pairs: Any) -> Floats2d:
        self._check_fitted("fitted_")
        taken = Sides()
        texts = list(taken.texts(sides_of(pairs, None)))
        return self.fitted_.scores([(texts[a], texts[b]) for a, b in taken.placed().tolist()])


_RULES: Rules = {
    "directed": FLAG,
    "match": optional(LABEL),
    "valid": SHARE,
    "n_folds": whole(2),
    **DECIDING,
    "n_threads": optional(whole()),
    "random_state": SEED,
}
