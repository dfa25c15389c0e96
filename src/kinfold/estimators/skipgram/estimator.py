"""Word vectors by skip-gram or CBOW with negative sampling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.estimators.base import TextEstimator
from kinfold.estimators.presets import SKIPGRAM
from kinfold.estimators.skipgram import model as models
from kinfold.estimators.skipgram.checkpoint import Checkpoint
from kinfold.estimators.skipgram.corpus import folder_for, read_corpus
from kinfold.estimators.skipgram.model import Model, grown, new_model
from kinfold.estimators.skipgram.options import Options
from kinfold.estimators.skipgram.training import OnProbe, Training, Watch, all_chunks, bootstrap_chunks
from kinfold.text.corpus import Corpus, Progress, Sentence
from kinfold.types import Floats2d, Json, Layout, State


class SkipGram(TextEstimator):
    """Learns a vector for each word from the words around it.

    Sentences are read once and written to a file of word ids, so that memory holds the tables and the distinct words,
    however long the text is.

    Parameters
    ----------
    dim
        The width of a vector.
    window
        How many words to each side are a word's context.
    negatives
        Random words that each pair is set against.
    min_count
        Leave out words that occur less often.
    sample
        Words that make up more than this share of the text are learned from less often; 0 for all alike.
    epochs
        Passes over the text.
    architecture
        ``"skip-gram"``: a word's vector foretells each word around it; ``"cbow"``: the mean of those foretells the
        word. The second is better for frequent words only.
    learning_rate
        The first step's size; it falls in a straight line to nothing.
    power
        Negatives are drawn as often as a word's count to this power says; 0 for all alike.
    max_words
        Keep only that many words, the most frequent.
    shrink_window
        Draw for each word how far its window reaches, from 1 to `window`, so that near words count more.
    shared_negatives
        How many negatives a block of 64 words is set against together; a multiple of 8. More are slower.
    subwords
        Shortest and longest run of characters that have a vector of their own, or None. A word's vector is then the
        mean of its own and its runs', and words that were never read get one too.
    buckets
        Rows of the table that the runs share by their hash.
    average
        Take the mean of a word's vector and its vector as context for the result.
    shared_table
        Let words have one vector in both roles, as in a plain dot product of embeddings.
    deterministic
        Give the same vectors for the same seed whatever `n_threads` is; somewhat slower. Without it that holds for one
        thread only.
    valid
        Share of the sentences to hold out; the loss on them is measured after each pass.
    patience
        Stop after so many passes without a lower held-out loss, and keep the best; None never stops.
    replicas
        Train so many further models on resampled text, so that answers can say how stable they are.
    tokenizer
        ``"words"``: words of any script, in lower case, without symbols; ``"spaces"``: cut at white space alone.
    device
        ``"cpu"``, ``"cuda"`` for a GPU through torch, or ``"auto"``: a GPU if there is one and torch is installed.
    n_threads
        Threads to use; None for all processors.
    random_state
        Seed of all that is drawn; None for another each time, kept as `seed_`.

    Attributes
    ----------
    vectors_ : WordVectors
        The words and their vectors.
    history_ : list of dict
        For each pass: words, seconds, words a second, the loss of a pair in training (a sample, while the tables
        changed; None where it is empty) and held out (in nats, nothing drawn).
    seed_ : int
        The seed used.
    n_words_, n_dropped_ : int
        Words of the sentences last learned from, and words of theirs that were too rare.

    Notes
    -----
    *Inputs.* Sentences: texts, or sequences of tokens; windows do not cross them. An iterator will do, it is read once.

    Mikolov et al. (2013), "Distributed representations of words and phrases and their compositionality"; Bojanowski et
    al. (2017), "Enriching word vectors with subword information". How blocks share negatives is told in
    `kinfold.kernels.skipgram`.

    Examples
    --------
    >>> sentences = ["one two three four five", "red green blue"] * 200
    >>> model = SkipGram(dim=16, sample=0, random_state=0).fit(sentences)
    >>> "two" in model.vectors_, "green" in model.vectors_.most_similar("red", k=2).words
    (True, True)
    """

    task: ClassVar[str] = "embed"

    def __init__(
        self,
        *,
        dim: int = 100,
        window: int = 5,
        negatives: int = 5,
        min_count: int = 5,
        sample: float = 1e-3,
        epochs: int = 5,
        architecture: str = "skip-gram",
        learning_rate: float = 0.025,
        power: float = 0.75,
        max_words: int | None = None,
        shrink_window: bool = True,
        shared_negatives: int = 32,
        subwords: tuple[int, int] | None = None,
        buckets: int = 1 << 18,
        average: bool = False,
        shared_table: bool = False,
        deterministic: bool = False,
        valid: float = 0.0,
        patience: int | None = None,
        replicas: int = 0,
        tokenizer: str = "words",
        device: str = "auto",
        n_threads: int | None = None,
        random_state: int | None = None,
    ) -> None:
        self.dim = dim
        self.window = window
        self.negatives = negatives
        self.min_count = min_count
        self.sample = sample
        self.epochs = epochs
        self.architecture = architecture
        self.learning_rate = learning_rate
        self.power = power
        self.max_words = max_words
        self.shrink_window = shrink_window
        self.shared_negatives = shared_negatives
        self.subwords = subwords
        self.buckets = buckets
        self.average = average
        self.shared_table = shared_table
        self.deterministic = deterministic
        self.valid = valid
        self.patience = patience
        self.replicas = replicas
        self.tokenizer = tokenizer
        self.device = device
        self.n_threads = n_threads
        self.random_state = random_state

    @classmethod
    def preset(cls, name: str, **parameters: Any) -> Self:
        """Return a model with named settings, but for the parameters given.

        Parameters
        ----------
        name
            ``"skip-gram"``, the defaults; ``"cbow"``; ``"subword"``; ``"source"``, a plain dot product of embeddings.

        Raises
        ------
        InvalidParameterError
            There are no settings of this name.
        """
        if name not in SKIPGRAM:
            raise InvalidParameterError(
                "There are no settings of this name.", seen=repr(name), fix=f"One of {', '.join(SKIPGRAM)}."
            )
        return cls(**{**SKIPGRAM[name], **parameters})

    def fit(
        self,
        sentences: Iterable[Sentence],
        *,
        progress: Progress | None = None,
        probes: Sequence[str] = (),
        on_probe: OnProbe | None = None,
        checkpoint: str | PathLike[str] | None = None,
        resume: bool = False,
    ) -> Self:
        """Learn from sentences; return self.

        Parameters
        ----------
        progress
            Called with what is being done and the share of it that is done, several times a second at most.
        probes, on_probe
            Up to twenty times in a training, `on_probe` is called with the number of tokens learned from so far and the
            eight nearest words of each of `probes` as the vectors are then; of those that are words of the text.
        checkpoint
            A folder to write to while training: the text's ids, and every half minute how far it is. It is the
            caller's to remove.
        resume
            Go on from what `checkpoint` holds, as if it had never stopped: to the same bits if `deterministic`, or with
            one thread. `sentences` are not read again if they had been read to the end.

        Raises
        ------
        InvalidParameterError
            A parameter that can't be used; T-004 if the training that was stopped had others.
        DataError
            T-001, T-002, T-003: sentences that can't be learned from.
        ArtifactError
            T-005: what `checkpoint` holds is damaged.
        MachineError
            M-012: no room on the disk for the ids.
        """
        options = self._options()
        if resume and checkpoint is None:
            raise InvalidParameterError("`resume` needs a checkpoint to go on from.", fix="Give its folder.")
        with folder_for(checkpoint) as folder:
            kept = Checkpoint(folder, options) if checkpoint is not None else None
            if kept is not None and resume and kept.has_corpus():
                corpus, seed = kept.corpus()
            else:
                seed = options.seed()
                if kept is not None:
                    kept.clear()
                corpus = read_corpus(sentences, folder, options, seed, None, progress)
                if kept is not None:
                    kept.keep_corpus(corpus, seed)

            def begin(stage: int) -> Model:
                return new_model(corpus.words, corpus.counts, options, seed + stage)

            watch = Watch(progress, tuple(probes), on_probe)
            return self._take(_learn(begin, corpus, options, watch, kept), corpus)

    def partial_fit(
        self,
        sentences: Iterable[Sentence],
        *,
        progress: Progress | None = None,
        probes: Sequence[str] = (),
        on_probe: OnProbe | None = None,
    ) -> Self:
        """Go on learning from further sentences, `epochs` times; words that are frequent enough in them are added.

        Counts are those of all sentences so far. Words are put in the order of their counts again. Replicas begin where
        this model was, so that what answers then say of their stability is about the further sentences. Parameters as
        for `fit`, which this is where nothing was learned before.
        """
        if not hasattr(self, "vectors_"):
            return self.fit(sentences, progress=progress, probes=probes, on_probe=on_probe)
        options = self._options()
        for name, value in options.tables.items():
            if value != self._learned[name]:
                raise InvalidParameterError(
                    f"`{name}` can't change between fit and partial_fit.",
                    seen=f"{name}={value!r}, before {self._learned[name]!r}",
                    fix="Set it back, or call fit with all sentences.",
                )
        with folder_for(None) as folder:
            known = dict(zip(self._model.words, self._model.counts.tolist(), strict=True))
            seed = self._model.seed + 1
            corpus = read_corpus(sentences, folder, options, seed, known, progress)

            def begin(stage: int) -> Model:
                return grown(self._model, corpus.words, corpus.counts, options, seed + stage)

            watch = Watch(progress, tuple(probes), on_probe)
            return self._take(_learn(begin, corpus, options, watch, None), corpus)

    def encode(self, texts: Sequence[str]) -> Floats2d:
        """Return a vector for each text: the idf-weighted mean of its words' vectors, (N, D)."""
        self._check_fitted("vectors_")
        return np.asarray(self.vectors_.encode(texts), np.float64)

    def get_state(self) -> State:
        """Return the words, the tables and the history."""
        self._check_fitted("vectors_")
        state = self._model.state()
        return replace(state, values=state.values | {"n_words": self.n_words_, "n_dropped": self.n_dropped_})

    def set_state(self, state: State) -> Self:
        """Take over what another instance with the same parameters has learned."""
        self.n_words_, self.n_dropped_ = int(state.values["n_words"]), int(state.values["n_dropped"])
        return self._show(Model.of_state(state))

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return the arrays that a state with these parameters, values and vocabularies must have."""
        return models.layout(params, vocabulary_sizes["words"])

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the mean vector of each text's words, (n, dim)."""
        return np.asarray(self.vectors_.encode(texts, weighting="mean"), np.float64)

    def _options(self) -> Options:
        options = Options(**self.get_params())
        options.check()
        return options

    def _take(self, model: Model, corpus: Corpus) -> Self:
        self.n_words_, self.n_dropped_ = corpus.n_tokens, corpus.n_dropped
        return self._show(model)

    def _show(self, model: Model) -> Self:
        options = self._options()
        self._model, self._learned = model, options.tables
        self.history_, self.seed_ = model.history, model.seed
        self.vectors_ = model.vectors(options)
        return self


def _learn(
    begin: Callable[[int], Model], corpus: Corpus, options: Options, watch: Watch, checkpoint: Checkpoint | None
) -> Model:
    """Train the model, then its replicas, as `begin` gives them; what a checkpoint has finished is not done again."""
    model = begin(0)
    replicas = []
    for stage in range(1 + options.replicas):
        made = begin(stage) if stage else model
        if stage:
            watch = Watch(watch.progress, label=f"replica {stage} of {options.replicas}: ")
        if checkpoint is None or not checkpoint.finished(made):
            chunks = bootstrap_chunks(corpus, model.seed, stage) if stage else all_chunks(corpus)
            training = Training(made, corpus, options, chunks, watch)
            if checkpoint is not None:
                watch.save = checkpoint.save
                checkpoint.restore(training)
            made = training.run()
            if checkpoint is not None:
                checkpoint.finish(made)
        if stage:
            replicas.append(made.vectors(replace(options, replicas=0)).vectors)
    if replicas:
        model.replicas = np.stack(replicas)
    return model
