"""Files that do not belong in a model folder, links, and archives: rows 91 to 94, 97, 108 to 111."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hostile_kit import (
    VERSION,
    WEIGHTS,
    Bomb,
    case,
    replace_file,
    reseal,
    torch_zip,
)

# Rows 91 and 92: code in the place of weights.


@case(91, "A-002")
def pickle_zip_given_as_the_model(model, marker):
    path = model.parent / "model.pt"
    path.write_bytes(torch_zip(marker))
    return path


@case(91, "A-002")
def bare_pickle_given_as_the_model(model, marker):
    path = model.parent / "model.pkl"
    path.write_bytes(pickle.dumps(Bomb(marker)))
    return path


@case(91, "A-004")
def pickle_zip_in_the_folder(model, marker):
    (model / VERSION / "model.pt").write_bytes(torch_zip(marker))


@case(92, "A-010")
def pickle_zip_named_weights(model, marker):
    replace_file(model, WEIGHTS, torch_zip(marker))


@case(92, "A-010")
def bare_pickle_named_weights(model, marker):
    replace_file(model, WEIGHTS, pickle.dumps(Bomb(marker)))


@case(92, "A-010")
def archive_7z_named_weights(model, marker):
    replace_file(model, WEIGHTS, b"7z\xbc\xaf\x27\x1c\x00\x04" + pickle.dumps(Bomb(marker)))


@case(92, "A-007")
def pickle_named_manifest(model, marker):
    reseal(model, text=pickle.dumps(Bomb(marker)))


# Row 93: files that Python or a tool would run.


def _extra(name: str, row: int = 93, top: bool = False) -> None:
    def builder(model: Path, marker: Path) -> None:
        code = f"import os; os.system('touch {marker}')\n"
        (model / ("" if top else VERSION) / name).write_text(code)

    builder.__name__ = f"extra_{name}{'_on_top' if top else ''}"
    case(row, "A-004")(builder)


for _name in ("handler.py", "__init__.py", "evil.pth", "model.joblib", "native.so", "sitecustomize.py", "numpy.py"):
    _extra(_name)
_extra("sitecustomize.py", top=True)
_extra("kinfold.py", top=True)
_extra("index.faiss", row=109)
_extra("index.hnsw", row=109)
_extra("store.db", row=110)
_extra("CURRENT.bak", top=True)


# Row 94: numpy's own formats.


@case(94, "A-010")
def object_array_named_weights(model, marker):
    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb(marker)], dtype=object))
    replace_file(model, WEIGHTS, buffer.getvalue())


@case(94, "A-004")
def npy_that_claims_terabytes(model, marker):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (500000000000,), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    (model / VERSION / "weights.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)


@case(94, "A-004")
def npz_in_the_folder(model, marker):
    np.savez(model / VERSION / "weights.npz", a=np.zeros(3))


# Row 97: paths, links and things that are not plain files.


@case(97, "A-007")
def manifest_lists_a_path_upwards(model, marker):
    reseal(model, lambda document: document["files"].update({"../../secret": {"bytes": 6, "sha256": "0" * 64}}))


@case(97, "A-007")
def manifest_lists_an_absolute_path(model, marker):
    reseal(model, lambda document: document["files"].update({"/etc/passwd": {"bytes": 6, "sha256": "0" * 64}}))


@case(97, "A-007")
def vocabulary_named_as_a_path(model, marker):
    reseal(model, lambda document: document["vocabularies"].update({"../../secret": 1}))


@case(97, "A-003")
def current_points_upwards(model, marker):
    (model / "CURRENT").write_text(f"../model/{VERSION} {'0' * 64}\n")


@case(97, "A-003")
def current_names_a_version_otherwise(model, marker):
    digest = (model / "CURRENT").read_text().split()[1]
    (model / "CURRENT").write_text(f"v0000001 {digest}\n")


def _linked(name: str, link: Callable[[Path, Path], Any]) -> Callable[[Path, Path], None]:
    def builder(model: Path, marker: Path) -> None:
        outside = model.parent / f"outside-{Path(name).name}"
        (model / name).rename(outside)
        link(model / name, outside)

    return builder


def _link(name: str, target: str) -> None:
    builder = _linked(target, lambda path, outside: path.symlink_to(outside))
    builder.__name__ = name
    case(97, "A-005")(builder)


_link("weights_a_link", WEIGHTS)
_link("manifest_a_link", f"{VERSION}/manifest.json")
_link("current_a_link", "CURRENT")
_link("version_a_link", VERSION)


@case(97, "A-005")
def weights_a_hard_link(model, marker):
    os.link(model / WEIGHTS, model.parent / "second-name")


@case(97, "A-005")
def weights_a_pipe(model, marker):
    (model / WEIGHTS).unlink()
    os.mkfifo(model / WEIGHTS)


@case(97, "A-005")
def current_a_pipe(model, marker):
    (model / "CURRENT").unlink()
    os.mkfifo(model / "CURRENT")


@case(97, "A-002")
def model_a_pipe(model, marker):
    os.mkfifo(model.parent / "pipe")
    return model.parent / "pipe"


@case(97, "A-005")
def weights_a_folder(model, marker):
    (model / WEIGHTS).unlink()
    (model / WEIGHTS).mkdir()


# Rows 108 and 111: archives.


@case(108, "A-010")
def weights_that_are_also_a_zip(model, marker):
    replace_file(model, WEIGHTS, (model / WEIGHTS).read_bytes() + torch_zip(marker))


@case(111, "A-002")
def zip_with_a_path_upwards(model, marker):
    path = model.parent / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../escaped", "x")
        archive.writestr("model/CURRENT", "v000001\n")
    return path


@case(111, "A-002")
def zip_bomb(model, marker):
    path = model.parent / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights", b"\0" * (1 << 24))
    return path
