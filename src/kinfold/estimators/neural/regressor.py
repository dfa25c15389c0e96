"""A net that tells a number from a text: an encoder of one's choice, then the number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.neural.estimator import NeuralEstimator
from kinfold.estimators.neural.rows import Progress
from kinfold.estimators.neural.targets import Numbers
from kinfold.nn.encoders.base import Encoder
from kinfold.types import Floats1d, Floats2d
from kinfold.vectors.words import WordVectors


class TextRegressor(NeuralEstimator):
    """Tells a number from a text with a net.

    Texts are cut into words or characters, an encoder makes a vector of each, and layers on top of it give the number.
    Targets are standardised inside, so that the learning rate suits any scale.

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
        ``"huber"``: squared near the target, a straight line beyond; ``"squared"`` tells means; ``"absolute"`` medians.
    delta
        Where Huber's loss becomes a line, in standard deviations of the targets.
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
        Share of the training rows to hold out for that. Rows of equal text are on one
        side. With few rows none may be.
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

    Attributes
    ----------
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
    Huber (1964), "Robust estimation of a location parameter". The encoders name their sources.

    Examples
    --------
    >>> texts = ["a good film", "a bad film", "so good", "so bad"] * 20
    >>> model = TextRegressor(max_epochs=10).fit(texts, [9.0, 2.0, 9.5, 1.0] * 20)
    >>> bool(model.predict(["good"])[0] > 6 > model.predict(["bad"])[0])
    True
    """

    task: ClassVar[str] = "regress"

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
        loss: str = "huber",
        delta: float = 1.0,
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
        """Learn from texts and a finite number each.

        Parameters
        ----------
        texts, labels
            Texts and a number each; or, without labels, records with `text` and `label`
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
            D-089, D-092 to D-095: rows that can't be learned from, or held out. D-096: an embedding of other words.
            T-006: a loss that is not finite.
        InvalidParameterError
            A parameter that can't be used. T-020, T-022, T-007: the training that was stopped was another one.
        ArtifactError
            T-021, T-008: what `checkpoint` holds is damaged.
        MachineError
            M-012, M-015: no room on the disk. M-014: no GPU where one was asked for.
        """
        return self._fit(texts, labels, valid, progress, checkpoint, resume)

    def predict(self, texts: Any) -> Floats1d:
        """Return the number that each text tells, (N,)."""
        scores = self._scores(texts)
        return scores[:, 0] * self.fitted_.scale + self.fitted_.mean

    def score(self, texts: Any, labels: Sequence[Any]) -> float:
        """Return the share of the targets' variance that the answers tell: 1 is all, 0 what their mean would."""
        answers = self.predict(texts)
        taken = Numbers()
        for label in labels:
            taken.add(label)
        right = taken.targets_like(0.0, 1.0).values.astype(np.float64)
        if len(right) != len(answers):
            raise DataError(
                "There must be one target a row.", seen=f"{len(answers)} rows, {len(right)} targets", code="D-095"
            )
        spread = float(((right - right.mean()) ** 2).sum())
        missed = float(((right - answers) ** 2).sum())
        return 1.0 - missed / spread if spread > 0 else float("nan") if missed else 1.0

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the number that each text tells, (n, 1), in standard deviations."""
        return self._scores(self._probes(texts))
