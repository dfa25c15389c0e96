"""A classifier of texts that is a net: an encoder of one's choice, then scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from typing import Any, Self

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.classifier import Classifying
from kinfold.estimators.decision import Costs
from kinfold.estimators.neural.answers import margins_of
from kinfold.estimators.neural.estimator import NeuralEstimator
from kinfold.estimators.neural.rows import Progress
from kinfold.estimators.neural.saving import Fitted
from kinfold.explain.explanation import Explanation
from kinfold.explain.occlusion import occlude, one_against_others
from kinfold.nn.encoders.base import Encoder
from kinfold.types import Floats1d, Floats2d
from kinfold.vectors.words import WordVectors


class TextClassifier(NeuralEstimator, Classifying):
    """Classifies texts with a net.

    Texts are cut into words or characters, an encoder makes a vector of each, and layers on top of it give the scores
    of the labels. Rows held out say when to stop, how sure answers are, and how probabilities become answers.

    Parameters
    ----------
    encoder
        What makes a vector of a text, such as ``kinfold.GRU(bidirectional=True)``; None: `BagOfEmbeddings`.
    unit
        What a text is cut into: ``"word"`` or ``"character"``; None: what the encoder asks for.
    lowercase, strip_html, symbols
        Fold case; replace HTML tags and entities; keep tokens that are no words.
    min_count
        Tokens that occur less often in the training texts are all one, the unknown token.
    max_tokens
        Keep only that many tokens, the most frequent.
    alphabet
        The characters there are; others leave the text. None: those of the training texts. For characters only.
    max_length
        How many tokens of a text are looked at; a text of 10 MB is cut there.
    embedding
        Word vectors that embeddings start from: a file (word2vec as text or binary, GloVe) or `WordVectors`. Words
        without one start random. A saved model does not need the file again.
    embedding_words
        Give that many of the first words of `embedding` an id also if no training text has them.
    embedding_rate
        What the learning rate of embeddings is multiplied with; 0 leaves them as they are.
    loss
        ``"auto"``: cross-entropy, of each label by itself where a text may have several; ``"hinge"``: by how much the
        best wrong label comes near.
    label_smoothing
        Share of the target that is spread over all labels.
    class_weight
        What a row's loss counts by its class: None all the same, ``"balanced"`` inversely to the class's size, a
        number from 0 to 1 for a power of that, or a weight for each label. Calibration, which counts every row held
        out once, takes it out of the probabilities again.
    hidden
        Widths of hidden layers between the encoder's vector and the scores; None: there are none.
    dropout
        Share of the numbers entering each of these layers that is dropped in training.
    l1, l2
        What the sum of the weights' sizes counts for in the loss; the same for half the sum of their squares.
    max_norm
        Hold what each output of a linear layer weighs to this length.
    optimizer
        ``"sgd"``, ``"nesterov"``, ``"adagrad"``, ``"adadelta"``, ``"rmsprop"``, ``"adam"``, ``"adamw"``, ``"nadam"``,
        ``"adamax"`` or ``"radam"``.
    learning_rate
        The rate that the schedule starts from, or rises to.
    schedule
        ``"constant"``, ``"linear"``, ``"cosine"``, ``"one-cycle"``, ``"step"``, ``"exponential"`` or ``"plateau"``.
    warmup
        The share of all steps over which the rate rises.
    weight_decay
        As the optimiser has it.
    momentum
        Of sgd and nesterov.
    clip_norm
        Shorten gradients to this length; None: never.
    average
        Keep an average of the weights: ``"ema"`` or ``"swa"``; None: the weights themselves.
    batch_size
        Rows a step.
    max_epochs
        Passes over the rows at most; where they fill fewer than 32 batches, one pass goes over them several times.
    patience
        Stop after so many epochs in succession that did not lower the loss of the rows held out; None: never.
    valid
        Share of the training rows to hold out for that, for calibration and for decisions. Rows of equal text are on
        one side, and classes are spread evenly. With few rows none may be.
    time_budget
        Seconds after which the training ends.
    device
        ``"cpu"``, ``"cuda"`` for a GPU, or ``"auto"``: a GPU if there is one.
    precision
        ``"auto"``: bfloat16 on GPUs; ``"float32"`` or ``"bfloat16"`` everywhere.
    n_threads
        Threads to use; None for as many as torch takes. Numbers may differ in their last digits with it.
    random_state
        Seed of all that is drawn.
    calibrate
        Learn on the rows held out how sure answers are: one temperature for all.
    metric
        What answers are tuned for on the rows held out: ``"accuracy"``, ``"macro_f1"``, or ``"f1"`` of the second of
        two classes.
    costs
        ``costs[true][answer]``: answers are then the cheapest by the probabilities. Unnamed errors cost 1.
    abstain_cost
        What giving no answer costs: `predict` then returns None where every answer is expected to cost more. None:
        every text gets an answer.

    Attributes
    ----------
    classes_ : list of str
        The labels, sorted.
    multilabel_ : bool
        Whether a text may have any number of labels: so if labels were given as tuples.
    decision_ : Decision
        How probabilities become answers.
    history_ : History
        What the training was like: a table, a picture, TensorBoard's events.
    module_ : torch.nn.Module
        The net.
    n_parameters_ : int
        How many numbers it has learned.
    n_cut_ : int
        Training texts that were cut because they are longer than what is looked at.
    n_found_ : int
        Tokens that started from a vector of `embedding`.

    Notes
    -----
    Calibration: Guo et al. (2017), "On calibration of modern neural networks". The encoders name their sources.

    Examples
    --------
    >>> texts = ["good fun", "a good film", "bad taste", "a bad film", "good times", "bad times"]
    >>> labels = ["yes", "yes", "no", "no", "yes", "no"]
    >>> TextClassifier(max_epochs=10).fit(texts, labels).predict(["good film"])
    ['yes']
    """

    def __init__(
        self,
        *,
        encoder: Encoder | None = None,
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
        loss: str = "auto",
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
        batch_size: int = 64,
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
        texts: Any,
        labels: Iterable[Any] | None = None,
        *,
        valid: Any = None,
        progress: Progress | None = None,
        checkpoint: str | PathLike[str] | None = None,
        resume: bool = False,
    ) -> Self:
        """Learn from texts and their labels: a string each, or a tuple of strings each for multi-label data.

        Parameters
        ----------
        texts, labels
            Texts and their labels; or, without labels, records with `text` and `label`
            such as `kinfold.open_table` yields, which are read once and never all in memory. Or rows of vectors
            (N, T, D), such as images, for encoders that read vectors.
        valid
            Rows to hold out in place of a share: (texts, labels), or records.
        progress
            Called as progress(what is being done, share of the whole that is done).
        checkpoint
            A folder to write to while reading and training; it is the caller's to remove.
        resume
            Go on from what `checkpoint` holds, to the same bits as if it had never stopped; rows that had been read
            are not read again.

        Raises
        ------
        DataError
            D-071, D-089 to D-094: rows that can't be learned from, or held out. D-096: an embedding of other words.
            T-006: a loss that is not finite.
        InvalidParameterError
            A parameter that can't be used. T-020, T-022, T-007: the training that was stopped was another one.
        ArtifactError
            T-021, T-008: what `checkpoint` holds is damaged.
        MachineError
            M-012, M-015: no room on the disk. M-014: no GPU where one was asked for.
        """
        return self._fit(texts, labels, valid, progress, checkpoint, resume)

    def decision_function(self, texts: Any) -> Floats1d | Floats2d:
        """Return calibrated log-odds: (N,) of the second of two classes, else scores (N, C) before the softmax."""
        scores = self._calibrated(texts)
        return scores[:, 0] if self.fitted_.kind == "binary" else scores

    def predict_proba(self, texts: Any) -> Floats2d:
        """Return the probability of each label, (N, C) in the order of `classes_`; rows sum to 1 unless multi-label."""
        margins = self._margins(texts)
        if self.fitted_.calibration is None:
            raise RuntimeError("a classifier is calibrated")
        return self.fitted_.calibration(margins)

    def explain(self, text: str, label: str | None = None) -> Explanation:
        """Return by how much the score of a label drops without each word of a text; by default the likeliest label."""
        probabilities = self.predict_proba([text])[0]

        def log_odds(texts: list[str]) -> Floats2d:
            scores = self._calibrated(texts)
            if self.fitted_.kind == "binary":
                return np.concatenate([-scores, scores], axis=1)
            return scores if self.multilabel_ else one_against_others(scores)

        if label is None:
            label = self.classes_[int(probabilities.argmax())]
        told = occlude(log_odds, text, self._options().words(), self.classes_, label)
        return replace(told, probability=float(probabilities[self.classes_.index(label)]))

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the probabilities of some texts, (n, C)."""
        return self.predict_proba(self._probes(texts))

    def _take(self, fitted: Fitted) -> Self:
        super()._take(fitted)
        if fitted.decision is None:
            raise DataError("This is no state of a classifier.")
        self.classes_, self.multilabel_ = list(fitted.classes), fitted.multilabel
        self.decision_ = fitted.decision
        return self

    def _margins(self, texts: Any) -> Floats2d:
        scores = self._scores(texts)
        return margins_of(scores, self.fitted_.kind)

    def _calibrated(self, texts: Any) -> Floats2d:
        margins = self._margins(texts)
        if self.fitted_.calibration is None:
            raise RuntimeError("a classifier is calibrated")
        return self.fitted_.calibration.scores(margins)
