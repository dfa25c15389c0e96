"""The rows of a training on disk, so that one that was stopped need not read them again.

::

    FOLDER/rows.ids       the ids of all rows
    FOLDER/rows.npz       what belongs to them: starts, targets, which are held out, the vocabulary, the parameters
    FOLDER/training/      how far the training is: see `kinfold.training.checkpoint`

The archive holds plain arrays and JSON; nothing in it can run code.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.estimators.archive import read_archive, sum_of, whole, write_archive
from kinfold.estimators.neural.options import Options
from kinfold.estimators.neural.rows import Data, Part, read_valid
from kinfold.estimators.neural.targets import Targets
from kinfold.text.corpus import writing
from kinfold.text.tokenrows import IDS, TokenRows, open_rows
from kinfold.text.vocabulary import Vocabulary
from kinfold.types import Array, Json

#: Where the trainer writes; the file beside the ids.
TRAINING, ROWS = "training", "rows.npz"


class KeptRows:
    """A folder that rows are kept in.

    Parameters
    ----------
    folder
        The checkpoint's.
    options, owner
        The parameters, and the name of the estimator's class.
    """

    def __init__(self, folder: Path, options: Options, owner: str) -> None:
        self._folder, self._options, self._owner = folder, options, owner

    def clear(self) -> None:
        """Forget the rows that were here before."""
        with writing(self._folder):
            (self._folder / ROWS).unlink(missing_ok=True)

    def __bool__(self) -> bool:
        """Return whether there are rows."""
        return (self._folder / ROWS).exists()

    def keep(self, data: Data, given_valid: bool) -> None:
        """Write what the file of ids does not hold; rows of vectors are their caller's, and are not kept."""
        train, targets = data.train, data.train.targets
        if not isinstance(train.source, TokenRows) or data.vocabulary is None or data.rows_with is None:
            return
        with writing(self._folder):
            total = sum_of(self._folder / IDS, sync=True)
        said = {
            "owner": self._owner,
            "params": self._options.written(),
            "classes": list(targets.classes),
            "multilabel": targets.multilabel,
            "mean": targets.mean,
            "scale": targets.scale,
            "n_cut": data.n_cut,
            "sum": total,
            "valid": told(data.valid) if given_valid else None,
        }
        apart = np.zeros(0, np.int64) if data.valid is None or given_valid else data.valid.rows
        arrays: dict[str, Array] = {
            "starts": train.source.starts,
            "values": targets.values,
            "train": train.rows,
            "valid": apart,
            "rows_with": data.rows_with,
            "tokens": np.frombuffer(data.vocabulary.to_text(), np.uint8),
        }
        write_archive(self._folder / ROWS, arrays, said)

    def data(self, valid: Any) -> Data:
        """Return what was kept; `valid` are the rows that the caller holds out, if any.

        Raises
        ------
        InvalidParameterError
            T-020: it is of another model, or had other parameters. T-022: other rows were held out.
        ArtifactError
            T-021: a file is not what was written.
        """
        with whole(self._folder / ROWS, "T-021"):
            arrays, said = read_archive(self._folder / ROWS)
            then = dict(said["params"])
            owner = str(said["owner"])
        self._compare(owner, then)
        with whole(self._folder / IDS, "T-021"):
            if sum_of(self._folder / IDS) != said["sum"]:
                raise ValueError("it is not the file that was written")
        with whole(self._folder / ROWS, "T-021"):
            vocabulary = Vocabulary.from_text(arrays["tokens"].tobytes())
            source = open_rows(self._folder, arrays["starts"], len(vocabulary))
            classes = tuple(str(label) for label in said["classes"])
            scaled = float(said["mean"]), float(said["scale"])
            targets = Targets(arrays["values"], classes, bool(said["multilabel"]), *scaled)
            train = Part(source, arrays["train"], targets)
            part = Part(source, arrays["valid"], targets) if len(arrays["valid"]) else None
            data = Data(train, part, vocabulary, arrays["rows_with"], int(said["n_cut"]))
        if valid is not None:
            data = replace(data, valid=read_valid(self._options, valid, vocabulary, train))
        if (told(data.valid) if valid is not None else None) != said["valid"]:
            raise InvalidParameterError(
                "The training that was stopped had other validation rows.",
                fix="Give the same rows, or start anew without resuming.",
                code="T-022",
            )
        return data

    def _compare(self, owner: str, then: dict[str, Json]) -> None:
        if owner != self._owner:
            raise InvalidParameterError(
                "The checkpoint is of another model.",
                seen=f"{owner}, not {self._owner}",
                fix="Name another folder, or start anew without resuming.",
                code="T-020",
            )
        for name, value in self._options.written().items():
            if then.get(name) != value:
                raise InvalidParameterError(
                    f"The training that was stopped had another `{name}`.",
                    seen=f"{name}={str(value)[:60]}, then {str(then.get(name))[:60]}",
                    fix="Give the same parameters, or start anew without resuming.",
                    code="T-020",
                )


def told(part: Part | None) -> list[int] | None:
    """Return numbers that tell rows from others: how many, and sums over the first of them and over the targets."""
    if part is None:
        return None
    inputs = zlib.crc32(part.source.padded(part.rows[:256]).tobytes())
    return [len(part.rows), inputs, zlib.crc32(np.ascontiguousarray(part.targets.values).tobytes())]
