"""Where a training is, on disk: what is needed to go on as if it had never stopped.

::

    FOLDER/tokens.ids, held-out.ids   the corpus
    FOLDER/corpus.npz                 its words and counts, the parameters it was made with, and sums over those files
    FOLDER/stage-0.npz, ...           what was learned: the model, then its replicas
    FOLDER/training.npz               the tables of what is being learned, and how far it is; replaced as a whole

The archives hold plain arrays and JSON; nothing in them can run code.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.estimators.archive import read_archive, sum_of, whole, write_archive
from kinfold.estimators.skipgram.model import Model
from kinfold.estimators.skipgram.options import Options
from kinfold.estimators.skipgram.training import Place, Training
from kinfold.text.corpus import HELD_OUT, TOKENS, Corpus, open_corpus, writing
from kinfold.types import Array, Json
from kinfold.vectors.state import from_lines, to_lines

_CORPUS, _TRAINING = "corpus.npz", "training.npz"
#: Parameters that may differ when a training goes on: they change how fast it runs, not what it learns.
_FREE = ("n_threads", "device")


@dataclass
class Checkpoint:
    """A folder that a training is written to while it runs.

    Attributes
    ----------
    every
        Seconds between two writes; the end of a pass is always written.
    """

    folder: Path
    options: Options
    every: float = 30.0
    _last: float = field(default_factory=time.monotonic)
    _stage: int = 0

    def clear(self) -> None:
        """Forget the training that was here before, what says that there was one first."""
        with writing(self.folder):
            for left in (self.folder / _CORPUS, self.folder / _TRAINING, *self.folder.glob("stage-*.npz")):
                left.unlink(missing_ok=True)

    def keep_corpus(self, corpus: Corpus, seed: int) -> None:
        """Write what the corpus's files don't hold."""
        said = {"params": self._params(), "seed": seed, "n_tokens": corpus.n_tokens, "n_dropped": corpus.n_dropped}
        with writing(self.folder):
            said["sums"] = {name: sum_of(self.folder / name, sync=True) for name in (TOKENS, HELD_OUT)}
        words = np.frombuffer(to_lines(corpus.words), np.uint8)
        write_archive(self.folder / _CORPUS, {"words": words, "counts": corpus.counts}, said)

    def has_corpus(self) -> bool:
        """Return whether there is something to go on from."""
        return (self.folder / _CORPUS).exists()

    def corpus(self) -> tuple[Corpus, int]:
        """Return the corpus and the seed of the training that was stopped.

        Raises
        ------
        InvalidParameterError
            T-004: it had other parameters.
        ArtifactError
            T-005: a file is not what was written.
        """
        with whole(self.folder / _CORPUS, "T-005"):
            arrays, said = read_archive(self.folder / _CORPUS)
            then = dict(said["params"])
        for name, value in self._params().items():
            if then.get(name) != value:
                raise InvalidParameterError(
                    f"The training that was stopped had another `{name}`.",
                    seen=f"{name}={value!r}, then {then.get(name)!r}",
                    fix="Give the same parameters, or start anew without resuming.",
                    code="T-004",
                )
        for name in (TOKENS, HELD_OUT):
            with whole(self.folder / name, "T-005"):
                if sum_of(self.folder / name) != said["sums"][name]:
                    raise ValueError("it is not the file that was written")
        with whole(self.folder / _CORPUS, "T-005"):
            words = from_lines(arrays["words"].tobytes())
            corpus = open_corpus(self.folder, words, arrays["counts"], said["n_tokens"], said["n_dropped"])
            return corpus, int(said["seed"])

    def save(self, training: Training) -> None:
        """Write where a training is, if it is time."""
        now = time.monotonic()
        if training.place.chunk and now - self._last < self.every:
            return
        self._last = now
        arrays: dict[str, Array] = {"inputs": training.tables.inputs, "outputs": training.tables.outputs}
        if training.best is not None:
            arrays["best_inputs"], arrays["best_outputs"] = training.best
        said = {"stage": self._stage, "place": asdict(training.place), "history": training.model.history}
        write_archive(self.folder / _TRAINING, arrays, said)

    def restore(self, training: Training) -> None:
        """Go on from what was saved last, if anything of this stage was."""
        if not (self.folder / _TRAINING).exists():
            return
        with whole(self.folder / _TRAINING, "T-005"):
            arrays, said = read_archive(self.folder / _TRAINING)
            if said["stage"] != self._stage:
                return
            training.tables.inputs[:] = arrays["inputs"]
            training.tables.outputs[:] = arrays["outputs"]
            if "best_inputs" in arrays:
                training.best = (arrays["best_inputs"], arrays["best_outputs"])
            training.place = Place(**said["place"])
            training.model.history = list(said["history"])

    def finish(self, model: Model) -> None:
        """Write what a stage has learned; the next begins."""
        arrays = {"inputs": model.inputs, "buckets": model.buckets, "outputs": model.outputs}
        write_archive(self.folder / f"stage-{self._stage}.npz", arrays, {"history": model.history})
        with writing(self.folder):
            (self.folder / _TRAINING).unlink(missing_ok=True)
        self._stage += 1

    def finished(self, model: Model) -> bool:
        """Fill in what this stage has learned, if it was finished before; else return False."""
        name = f"stage-{self._stage}.npz"
        if not (self.folder / name).exists():
            return False
        with whole(self.folder / name, "T-005"):
            arrays, said = read_archive(self.folder / name)
            model.inputs, model.buckets, model.outputs = (arrays[key] for key in ("inputs", "buckets", "outputs"))
            model.history = list(said["history"])
        self._stage += 1
        return True

    def _params(self) -> dict[str, Json]:
        given = {name: value for name, value in asdict(self.options).items() if name not in _FREE}
        return dict(json.loads(json.dumps(given, default=float)))
