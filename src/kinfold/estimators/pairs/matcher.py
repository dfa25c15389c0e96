"""Do two texts belong together? A net with two towers, and what it can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from typing import Any, ClassVar, Self
from zlib import crc32

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.estimators.classifier import Classifying
from kinfold.estimators.decision import Costs
from kinfold.estimators.neural.encoders import saved_params, with_encoder
from kinfold.estimators.neural.net import threads
from kinfold.estimators.neural.rows import Progress, known_rows
from kinfold.estimators.neural.saving import rows_like
from kinfold.estimators.pairs import saving
from kinfold.estimators.pairs.finding import Groups, groups_of
from kinfold.estimators.pairs.fitting import Asked, fitted
from kinfold.estimators.pairs.mining import NeedsModel
from kinfold.estimators.pairs.net import compared, nearness, vectors_of
from kinfold.estimators.pairs.options import PairOptions
from kinfold.estimators.pairs.parts import Draw, PairPart
from kinfold.estimators.pairs.rows import known_pairs
from kinfold.estimators.pairs.saving import FittedPairs
from kinfold.explain.meeting import Meeting, meeting_of
from kinfold.nn.encoders.base import Encoder
from kinfold.text.normalize import check_texts
from kinfold.types import Array, Floats1d, Floats2d, Json, Layout, State
from kinfold.vectors.words import WordVectors


class PairMatcher(Classifying):
    """Says whether two texts belong together, and finds what belongs to one, with a net of two towers.

    An encoder makes a vector of each side, and a similarity says how near the two are. Pairs held out say when to
    stop, how sure answers are, and from which nearness on a pair matches.

    ===================  =========================================  ======================================
    `loss`               pairs                                      negatives are
    ===================  =========================================  ======================================
    ``"cross-entropy"``  of two labels, or matches and `negatives`  the pairs that do not match
    ``"contrastive"``    the same                                   the same; squared distances, a margin
    ``"hinge"``          the same                                   the same; distances, a margin
    ``"softmax"``        matches                                    the other rights of the batch
    ``"triplet"``        matches                                    the nearest other right of the batch
    ===================  =========================================  ======================================

    Parameters
    ----------
    encoder
        What makes a vector of a text, such as ``kinfold.GRU(bidirectional=True)``; None: `BagOfEmbeddings`.
    towers
        ``"shared"``: one encoder for both sides; ``"separate"``: one each, for sides of two kinds.
    similarity
        ``"cosine"``, ``"euclidean"`` or ``"dot"`` of the two vectors, which an index can search; or layers over the
        two side by side (``"concat"``) or over their product and difference (``"interaction"``); or ``"attention"``:
        each token looks for its like on the other side, for which an encoder must have a state for each.
    directed
        Whether a pair and the same turned round may differ: who asks whom. If not, both get the very same score.
    match
        The label of pairs that match. None: if just one of the two says no ("no match", "different", "0"), the other
        one; else the second in the order of the alphabet.
    roles
        Of directed pairs: how wide the vectors are that linear maps, one for each side, make of the encoder's; None:
        as wide as the encoder's where towers are shared, no maps where they are separate.
    attention_units
        The width that tokens are compared in by attention.
    loss
        ``"cross-entropy"``, ``"contrastive"``, ``"hinge"``, ``"softmax"`` or ``"triplet"``, as the table says;
        ``"auto"``: cross-entropy.
    margin
        Of contrastive, hinge and triplet: from which distance on pairs that do not match cost nothing.
    temperature
        Of softmax: what nearness is divided by.
    transitive
        Of softmax and triplet: whether texts that a chain of matches connects all match, so that none is a negative of
        another. Duplicates do; what is only related does not.
    unit, lowercase, strip_html, symbols, min_count, max_tokens, alphabet, max_length
        How texts are read; see `TextClassifier`.
    embedding, embedding_words, embedding_rate
        Word vectors to start from; see `TextClassifier`.
    label_smoothing
        Share of the target that is moved half-way to the other; of cross-entropy.
    class_weight
        What a pair's loss counts by its label; see `TextClassifier`.
    hidden
        Widths of hidden layers of ``"concat"``, ``"interaction"`` and ``"attention"``; None: there are none.
    dropout
        Share of the numbers entering each of these layers that is dropped in training.
    l1, l2, max_norm, optimizer, learning_rate, schedule, warmup, weight_decay, momentum, clip_norm, average
        How it learns; see `TextClassifier`.
    batch_size, max_epochs, patience, time_budget, device, precision, n_threads, random_state
        The same.
    valid
        Share of the pairs to hold out. Whole components of texts that pairs connect are, as long as they are small.
    calibrate
        Learn on the pairs held out how sure answers are.
    metric
        What answers are tuned for on the pairs held out: ``"accuracy"``, ``"macro_f1"``, or ``"f1"`` of matches.
    costs, abstain_cost
        What wrong answers cost, and what giving none does; see `TextClassifier`.

    Attributes
    ----------
    classes_ : list of str
        What pairs that do not match are called, and those that do.
    decision_ : Decision
        How probabilities become answers.
    history_ : History
        What the training was like.
    module_ : torch.nn.Module
        The net.
    counts_ : dict
        Training pairs of equal sides, of two labels, or with an empty side.
    n_cut_, n_found_ : int
        Training texts that were cut, and tokens that started from a vector of `embedding`.

    Notes
    -----
    Bromley et al. (1993), "Signature verification using a Siamese time delay neural network"; the losses name their
    sources. The direction of a link as a part that is the same both ways and one that turns round: `directions`.

    Examples
    --------
    >>> pairs = [("a fast car", "a quick car"), ("a fast car", "a red rose"), ("quick", "fast"), ("rose", "quick")]
    >>> labels = ["same", "other", "same", "other"]
    >>> PairMatcher(max_epochs=5, min_count=1, n_threads=1).fit(pairs * 4, labels * 4).classes_
    ['other', 'same']
    """

    task: ClassVar[str] = "match"
    fitted_: FittedPairs

    def __init__(
        self,
        *,
        encoder: Encoder | None = None,
        towers: str = "shared",
        similarity: str = "cosine",
        directed: bool = False,
        match: str | None = None,
        roles: int | None = None,
        attention_units: int = 128,
        loss: str = "auto",
        margin: float = 1.0,
        temperature: float = 0.05,
        transitive: bool = False,
        unit: str | None = None,
        lowercase: bool = True,
        strip_html: bool = True,
        symbols: bool = True,
        min_count: int = 2,
        max_tokens: int | None = None,
        alphabet: str | None = None,
        max_length: int = 100_000,
        embedding: str | PathLike[str] | WordVectors | None = None,
        embedding_words: int = 0,
        embedding_rate: float = 1.0,
        label_smoothing: float = 0.0,
        class_weight: str | float | Mapping[str, float] | None = None,
        hidden: tuple[int, ...] | None = None,
        dropout: float = 0.2,
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float | None = None,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        schedule: str = "constant",
        warmup: float = 0.0,
        weight_decay: float = 0.0,
        momentum: float = 0.9,
        clip_norm: float | None = 1.0,
        average: str | None = None,
        batch_size: int = 128,
        max_epochs: int = 20,
        patience: int | None = 3,
        valid: float = 0.1,
        calibrate: bool = True,
        metric: str = "accuracy",
        costs: Costs | None = None,
        abstain_cost: float | None = None,
        time_budget: float | None = None,
        device: str = "auto",
        precision: str = "auto",
        n_threads: int | None = None,
        random_state: int = 0,
    ) -> None:
        self._store(locals())

    def fit(
        self,
        pairs: Any,
        labels: Iterable[Any] | None = None,
        *,
        items: Any = None,
        negatives: Draw | NeedsModel | None = None,
        valid: Any = None,
        progress: Progress | None = None,
        checkpoint: str | PathLike[str] | None = None,
        resume: bool = False,
    ) -> Self:
        """Learn from pairs and their labels.

        Parameters
        ----------
        pairs, labels
            (left, right) texts and a label each, of two; records with `left`, `right` and `label`, such as
            `kinfold.open_table` yields, which are read once; or two arrays (N, T, D) of vectors, such as images. Where
            all pairs match, labels may be left out.
        items
            Texts, or an array (R, T, D), of which `pairs` are places, (N, 2) whole numbers: each is held once,
            however many pairs there are.
        negatives
            Called as negatives(epoch) from epoch 1 on, and with 0 for the pairs held out: places (n, 2) of pairs that
            do not match, always as many. Others are learned from in each epoch, and memory holds those of one. Or
            `kinfold.HardNegatives`: those that the net itself wrongly holds for matches as an epoch begins.
        valid
            Pairs to hold out in place of a share: (pairs, labels), or records.
        progress, checkpoint, resume
            See `TextClassifier.fit`.

        Raises
        ------
        DataError
            D-150 to D-157, D-163: pairs that can't be learned from. D-089, D-090, D-093, D-094, D-096, T-006: see
            `TextClassifier.fit`.
        InvalidParameterError
            A parameter that can't be used. T-007: the training that was stopped was another one.
        """
        asked = Asked(pairs, labels, items, negatives, valid)
        return self._take(fitted(self._options(), asked, progress, checkpoint, resume, type(self).__name__))

    def decision_function(self, pairs: Any) -> Floats1d:
        """Return calibrated log-odds that each pair matches, (N,)."""
        near = self._near(pairs)
        return self.fitted_.calibration.scores(near[:, None])[:, 0]

    def predict_proba(self, pairs: Any) -> Floats2d:
        """Return the probability of each label, (N, 2) in the order of `classes_`."""
        near = self._near(pairs)
        return self.fitted_.calibration(near[:, None])

    def directions(self, pairs: Any) -> tuple[Floats1d, Floats1d]:
        """Return the log-odds (N,) in two parts: the same both ways, and what turns round with the pair.

        Their sum is `decision_function` of the pairs, their difference that of the pairs turned round.
        """
        self._check_fitted("fitted_")
        part = self._known(pairs)
        turned = replace(part, pairs=part.pairs[:, ::-1])
        there, back = (self.fitted_.calibration.scores(self._compared(one)[:, None])[:, 0] for one in (part, turned))
        return (there + back) / 2, (there - back) / 2

    def encode(self, texts: Any, side: str = "left") -> Floats2d:
        """Return the vectors (N, D) of texts that stand on one side: ``"left"`` or ``"right"``.

        By attention a pair is not scored by them; they are the encoder's, and near ones are candidates at most.
        """
        self._check_fitted("fitted_")
        source, keys = self._known_items(texts)
        with threads(self._options().n_threads):
            return vectors_of(self.fitted_.net, source, np.arange(len(source)), keys, _SIDES[side])

    def rank(self, query: Any, candidates: Any, k: int | None = None, *, side: str = "left") -> list[tuple[int, float]]:
        """Return the places of the candidates that are likeliest to match, with their probabilities, best first.

        Parameters
        ----------
        query
            A text, or a row of vectors (T, D); it stands on `side`, the candidates on the other.
        candidates
            Texts, or an array (N, T, D).
        k
            How many; None: all.
        """
        self._check_fitted("fitted_")
        both = np.concatenate([query[None], candidates]) if isinstance(query, np.ndarray) else [query, *candidates]
        source, keys = self._known_items(both)
        others = np.arange(1, len(source))
        sides = [np.zeros(len(others), np.int64), others]
        pairs = np.stack(sides[:: 1 if _SIDES[side] == 0 else -1], 1)
        near = self._compared(PairPart.unlabelled(source, keys, pairs))
        chances = self.fitted_.calibration(near[:, None])[:, 1]
        order = np.argsort(-near, kind="stable")[:k]
        return [(int(place), float(chances[place])) for place in order]

    def cluster(self, texts: Any, *, threshold: float | None = None, neighbours: int = 10) -> Groups:
        """Return groups of texts that belong together; see `Groups`.

        Parameters
        ----------
        threshold
            The probability from which on two belong together, and which the mean of all pairs between two groups must
            have that become one: a chain of neighbours makes no group. None: that of the answers.
        neighbours
            How many of the nearest texts of each are looked at.
        """
        options = self._options()
        if options.directed:
            raise InvalidParameterError(
                "Groups have no direction.", seen="directed=True", fix="A matcher with directed=False."
            )
        self._check_fitted("fitted_")
        net, (source, keys) = self.fitted_.net, self._known_items(texts)
        with threads(options.n_threads):
            vectors = vectors_of(net, source, np.arange(len(source)), keys, _SIDES["left"])
        least = self.decision_.threshold() if threshold is None else float(threshold)

        def chances(lefts: Array, rights: Array) -> Floats1d:
            first, second = np.minimum(lefts, rights), np.maximum(lefts, rights)
            if net.by_vectors:
                with threads(options.n_threads):
                    near = compared(net, vectors, vectors, first, second)
            else:
                pairs = np.stack([first, second], 1)
                near = self._compared(PairPart.unlabelled(source, keys, pairs))
            return self.fitted_.calibration(near[:, None])[:, 1]

        return groups_of(vectors, chances, 0.5 if least is None else least, neighbours)

    def explain(self, left: str, right: str) -> Meeting:
        """Return what each word of the two sides adds to the log-odds, and which words of the two met."""
        self._check_fitted("fitted_")
        return meeting_of(self.decision_function, left, right, self._options().words(), self.classes_)

    def get_state(self) -> State:
        """Return what was learned; see `State`."""
        self._check_fitted("fitted_")
        return saving.to_state(self.fitted_)

    def set_state(self, state: State) -> Self:
        """Take over what another estimator with the same parameters has learned."""
        return self._take(saving.from_state(self._options(), state))

    def saved_params(self) -> dict[str, Any]:
        """Return the parameters as a model folder holds them: vectors in memory are left out, the weights have them."""
        return saved_params(self.get_params(deep=False))

    @classmethod
    def from_state(cls, params: dict[str, Any], state: State) -> Self:
        """Return an estimator with these parameters, as `saved_params` has them, that has learned what another had."""
        return cls(**with_encoder(params)).set_state(state)

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return the arrays that a state with these parameters, values and vocabularies must have."""
        return saving.layout(cls(**with_encoder(params))._options(), values, vocabulary_sizes)

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the probabilities (n, 2) of each text with the one after it."""
        self._check_fitted("fitted_")
        if self.fitted_.vocabulary is not None:
            return self.predict_proba(list(zip(texts, [*texts[1:], *texts[:1]], strict=True)))
        size = (int(self.fitted_.shape.n_steps or 1), int(self.fitted_.shape.width or 1))
        drawn = [np.random.default_rng(crc32(text.encode("utf-8", "replace"))).random(size) for text in texts]
        items = np.stack(drawn) if drawn else np.zeros((0, *size))
        return self.predict_proba((items, np.roll(items, -1, axis=0)))

    def _options(self) -> PairOptions:
        return PairOptions(**self.get_params(deep=False), task=self.task)

    def _take(self, learned: FittedPairs) -> Self:
        self.fitted_ = learned
        self.classes_, self.multilabel_ = list(learned.classes), False
        self.decision_, self.history_, self.module_ = learned.decision, learned.history, learned.net
        self.n_parameters_ = sum(weight.numel() for weight in learned.net.parameters())
        self.n_cut_, self.n_found_, self.counts_ = learned.n_cut, learned.n_found, dict(learned.counts)
        return self

    def _known(self, pairs: Any) -> PairPart:
        options = self._options()
        like = rows_like(options, self.fitted_.shape)
        return known_pairs(options, self.fitted_.vocabulary, pairs, None, like)[0]

    def _known_items(self, items: Any) -> tuple[Any, Any]:
        if self.fitted_.vocabulary is None:
            part = self._known((items, items[:0]) if len(items) else (items, items))
            return part.source, part.keys
        return known_rows(self._options(), self.fitted_.vocabulary, check_texts(items))[:2]

    def _near(self, pairs: Any) -> Floats1d:
        self._check_fitted("fitted_")
        return self._compared(self._known(pairs))

    def _compared(self, part: PairPart) -> Floats1d:
        options = self._options()
        with threads(options.n_threads):
            return nearness(self.fitted_.net, options, part)


_SIDES = {"left": 0, "right": 1}
