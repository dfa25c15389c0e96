"""Where a training is, on disk: tensors as safetensors and all else as JSON, written so that a kill loses nothing.

::

    FOLDER/training-0000012.safetensors   weights, what the optimiser holds, the average's weights, the best ones
    FOLDER/training-0000012.json          all else, the SHA-256 of the tensors' file, and its own
    FOLDER/training-0000011....           the checkpoint before

A checkpoint has a new number each time and is whole once its JSON has its name; the older ones are removed after that,
all but one. Nothing in the files can run code.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from kinfold.errors import ArtifactError, MachineError
from kinfold.training.files import write_whole
from kinfold.types import Json

_NAME = re.compile(r"training-([0-9]{7,})\.(json|safetensors)")
_KEPT = 2
#: safetensors' names of torch's types.
_TYPES = {
    **{torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.bool: "BOOL"},
    **{torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8"},
}


@dataclass
class Checkpoint:
    """A folder that a training is written to while it runs.

    Attributes
    ----------
    every
        Seconds between two checkpoints that nothing else asks for.
    failures
        How often the disk refused one.
    """

    folder: Path
    every: float
    failures: int = 0
    _number: int = 0
    _last: float = field(default_factory=time.monotonic)

    def prepare(self, *, clear: bool) -> None:
        """Make the folder if need be, and see that it can be written; `clear` removes the checkpoints in it.

        Raises
        ------
        MachineError
            M-015: it can't be.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in self.folder.glob("training-*.tmp"):
                left.unlink(missing_ok=True)
            if clear:
                self._remove(self._numbers())
            write_whole(str(self.folder / "training-probe.json"), [bytes(4096)])
            (self.folder / "training-probe.json").unlink()
            self._number = max(self._numbers(), default=0)
        except OSError as error:
            raise MachineError(
                f"{self.folder}: checkpoints can't be written there.",
                seen=str(error.strerror or error),
                fix="Check the folder, its permissions and its space; or name another one.",
                code="M-015",
            ) from error

    def is_due(self) -> bool:
        """Return whether it is time for another one."""
        return time.monotonic() - self._last >= self.every

    def write(self, tensors: Mapping[str, Tensor], said: Mapping[str, Json]) -> bool:
        """Write where a training is; if the disk refuses, warn, leave what is there and return False."""
        number = self._number + 1
        stem = self.folder / f"training-{number:07d}"
        try:
            total = hashlib.sha256()
            write_whole(f"{stem}.safetensors", _summed(encode(tensors), total))
            write_whole(f"{stem}.json", [_sealed({**said, "sha256": total.hexdigest()})])
            self._number = number
            self._remove(self._numbers()[:-_KEPT])
        except OSError as error:
            self.failures += 1
            with suppress(OSError):
                if self._number < number:
                    self._remove([number])
            warnings.warn(
                f"{self.folder}: no checkpoint could be written ({error.strerror or error}); the training goes on, "
                "and would resume from the one before",
                RuntimeWarning,
                stacklevel=2,
            )
            return False
        finally:
            self._last = time.monotonic()
        return True

    def read(self) -> tuple[dict[str, Json], bytes] | None:
        """Return what the newest whole checkpoint says and the bytes of its tensors; None: there is none at all.

        Raises
        ------
        ArtifactError
            T-008: all that are there are damaged.
        """
        faults: list[str] = []
        for number in reversed(self._numbers()):
            stem = self.folder / f"training-{number:07d}"
            if not Path(f"{stem}.json").exists():
                continue  # stopped while it was written
            try:
                said = _opened(Path(f"{stem}.json").read_bytes())
                data = Path(f"{stem}.safetensors").read_bytes()
                if hashlib.sha256(data).hexdigest() != said["sha256"]:
                    raise ValueError("its tensors are not those that were written")
            except (OSError, ValueError, LookupError, TypeError) as error:
                faults.append(f"{stem.name}: {error}")
                continue
            if faults:
                told = f"{self.folder}: a checkpoint is damaged ({faults[0][:120]}); going on from the one before"
                warnings.warn(told, RuntimeWarning, stacklevel=2)
            return said, data
        if not faults:
            return None
        raise ArtifactError(
            f"{self.folder}: the checkpoints are damaged.",
            seen=faults[0][:120],
            fix="Start anew without resuming.",
            code="T-008",
        )

    def _numbers(self) -> list[int]:
        found = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted({int(match[1]) for match in found if match})

    def _remove(self, numbers: list[int]) -> None:
        for number in numbers:
            # The JSON first: without it the tensors are no checkpoint.
            for kind in ("json", "safetensors"):
                (self.folder / f"training-{number:07d}.{kind}").unlink(missing_ok=True)


def encode(tensors: Mapping[str, Tensor]) -> Iterator[bytes | memoryview]:
    """Yield a safetensors file in pieces, one tensor's copy in memory at a time at most."""
    # The widest types first, so that each tensor starts where its type wants it.
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, Json] = {}
    offset = 0
    for name in names:
        tensor, start = tensors[name], offset
        offset += tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, offset]}
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for name in names:
        if tensors[name].numel():
            flat = tensors[name].detach().cpu().contiguous().reshape(-1)
            yield flat.view(torch.uint8).numpy().data


def decode(data: bytes) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, on the processor.

    Raises
    ------
    ArtifactError
        T-008: it is none.
    """
    try:
        return load(data)
    except (SafetensorError, ValueError, LookupError) as error:
        raise ArtifactError(
            "A checkpoint's tensors can't be read.", seen=str(error)[:120], fix="Start anew.", code="T-008"
        ) from error


def _summed(pieces: Iterator[bytes | memoryview], total: hashlib._Hash) -> Iterator[bytes | memoryview]:
    for piece in pieces:
        total.update(piece)
        yield piece


def _sealed(said: Mapping[str, Json]) -> bytes:
    """Return JSON that holds its own sum: a number that has changed is seen, not learned from."""
    return json.dumps({"sum": _sum(said), "state": said}, indent=1).encode()


def _opened(data: bytes) -> dict[str, Json]:
    held = json.loads(data)
    if _sum(held["state"]) != held["sum"]:
        raise ValueError("its JSON is not what was written")
    return dict(held["state"])


def _sum(said: Mapping[str, Json]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
