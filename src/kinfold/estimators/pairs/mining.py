"""A net that learns in, the pairs out that it wrongly holds for matches: drawn anew at the start of each epoch."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch

from kinfold.errors import MachineError
from kinfold.estimators.neural.net import threads
from kinfold.estimators.pairs.net import vectors_of
from kinfold.estimators.pairs.options import PairOptions
from kinfold.estimators.pairs.parts import Draw, PairPart
from kinfold.nn.pair_net import PairNet
from kinfold.nn.similarity import Cosine
from kinfold.training.files import write_whole
from kinfold.types import Array, Ints1d

#: Lefts (m,) and k -> rights (m, k), the nearest first.
Nearest: TypeAlias = Callable[[Ints1d, int], Array]
#: Lefts compared with all rights at a time.
_BLOCK = 512
_KEPT = 2


@runtime_checkable
class NeedsModel(Protocol):
    """What draws pairs by a model, such as `kinfold.HardNegatives`."""

    def first(self) -> Array:
        """Return pairs (n, 2) for the time when there is no model yet."""

    def by(self, nearest: Nearest) -> Draw:
        """Return the draw of a model."""


class Mining:
    """Pairs of an epoch by the net as it is when they are first asked for.

    Where a training is kept on disk its pairs are too: a training that goes on in the middle of an epoch needs those
    that the net named at its beginning.

    Parameters
    ----------
    asked
        What draws by a model.
    net, options, part
        The net that learns, and the rows that pairs are places among.
    folder
        Where the pairs of an epoch are kept; None: nowhere.
    resume
        Whether those that are there belong to this training.
    """

    def __init__(
        self,
        asked: NeedsModel,
        net: PairNet,
        options: PairOptions,
        part: PairPart,
        folder: Path | None,
        *,
        resume: bool,
    ) -> None:
        self._draw = asked.by(self._nearest)
        self._net, self._options, self._part, self._folder = net, options, part, folder
        if folder is not None and not resume:
            for old in folder.glob("mined-*.npy"):
                old.unlink()

    def __call__(self, epoch: int) -> Array:
        """Return the pairs (n, 2) of an epoch."""
        path = None if self._folder is None else self._folder / f"mined-{epoch:07d}.npy"
        if path is not None and path.exists():
            kept: Array = np.load(path, allow_pickle=False)
            return kept
        training = self._net.training
        with threads(self._options.n_threads):
            rows = np.arange(len(self._part.source))
            self._vectors = [
                torch.from_numpy(vectors_of(self._net, self._part.source, rows, self._part.keys, side)).float()
                for side in (0, 1)
            ]
            pairs = self._draw(epoch)
        del self._vectors
        self._net.train(training)
        if path is not None:
            self._keep(path, pairs)
        return pairs

    def _nearest(self, lefts: Ints1d, k: int) -> Array:
        """Return the rights (m, k) that the net holds for the nearest of lefts (m,), by their vectors."""
        compare = Cosine() if self._options.layered else self._net.measure
        device = next(self._net.parameters()).device
        own, others = (vectors.to(device) for vectors in self._vectors)
        found = []
        with torch.inference_mode():
            for first in range(0, len(lefts), _BLOCK):
                near = compare.matrix(own[torch.from_numpy(lefts[first : first + _BLOCK])], others)  # (B, R)
                found.append(near.topk(min(k, near.shape[1]), dim=1).indices.cpu().numpy())
        return np.concatenate(found) if found else np.zeros((0, k), np.int64)

    def _keep(self, path: Path, pairs: Array) -> None:
        written = io.BytesIO()
        np.save(written, pairs, allow_pickle=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(str(path), [written.getvalue()])
        except OSError as error:
            raise MachineError(
                f"{path}: the pairs of an epoch can't be written there.",
                seen=str(error),
                fix="Free some space, or name another folder.",
                code="M-015",
            ) from error
        for old in sorted(path.parent.glob("mined-*.npy"))[:-_KEPT]:
            old.unlink()
