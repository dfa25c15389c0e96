"""Where to compute: is there a GPU that torch can use? Where there can't be one, torch is not even imported."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from kinfold.errors import MachineError, MissingExtraError

#: What brings torch.
EXTRA = "pip install 'kinfold[deep]'"
#: The drivers' places: NVIDIA's, that of Windows' Linux, AMD's, which torch calls cuda as well.
_DEVICES = ("nvidia[0-9]*", "dxg", "kfd")
_FOLDER = Path("/dev")


def on_gpu(device: str) -> bool:
    """Return whether to compute on a GPU.

    Parameters
    ----------
    device
        ``"cpu"``, ``"cuda"``, or ``"auto"``: on a GPU if there is one and torch is installed.

    Raises
    ------
    MissingExtraError
        U-011: ``"cuda"``, and torch is not installed.
    MachineError
        M-014: ``"cuda"``, and torch finds no GPU.
    """
    if device == "cpu" or (device == "auto" and not (_may_have_gpu() and find_spec("torch"))):
        return False
    try:
        import torch
    except ImportError as error:
        if device == "auto":
            return False
        raise MissingExtraError("A GPU is used through the package torch.", fix=EXTRA, code="U-011") from error
    if torch.cuda.is_available():
        return True
    if device == "auto":
        return False
    built = "for processors only" if torch.version.cuda is None and torch.version.hip is None else "for GPUs"
    raise MachineError(
        "There is no GPU that torch can use.",
        seen=f"torch {torch.__version__}, built {built}",
        fix="device='cpu'; or another driver, or another build of torch.",
        code="M-014",
    )


def _may_have_gpu() -> bool:
    """Return whether there is a trace of a GPU's driver."""
    return shutil.which("nvidia-smi") is not None or any(next(_FOLDER.glob(name), None) for name in _DEVICES)
