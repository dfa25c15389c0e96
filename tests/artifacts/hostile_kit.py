"""What the hostile corpus is built with: the table of cases, and how to spoil a good model folder.

Their authors are assumed to know the format: `reseal` gives every spoiled folder correct hashes, so that what is
tested is what stands behind the hashes. Rows are those of the list of bad inputs this project answers for.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Builder = Callable[[Path, Path], Path]
#: Name -> (row, error code, builder). A builder gets (copy of a good model, marker file) and returns what to load.
CASES: dict[str, tuple[int, str, Builder]] = {}
VERSION = "v000001"
WEIGHTS = f"{VERSION}/weights.safetensors"
VOCABULARY = f"{VERSION}/words.vocab.txt"


class Bomb:
    """Unpickling it makes the marker file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return (os.system, (f"touch {self.marker}",))


def case(row: int, code: str):
    def keep(builder: Callable[..., Any]) -> Callable[..., Any]:
        def build(model: Path, marker: Path) -> Path:
            return builder(model, marker) or model

        CASES[builder.__name__] = (row, code, build)
        return builder

    return keep


def reseal(model: Path, edit: Callable[[dict], Any] | None = None, text: bytes | None = None) -> None:
    """Make sizes and hashes right again after a change, as the author of a folder can."""
    folder = model / VERSION
    document = json.loads((folder / "manifest.json").read_bytes())
    for name, spec in document["files"].items():
        if (folder / name).is_file() and (folder / name).stat().st_size < 1 << 24:
            data = (folder / name).read_bytes()
            spec.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    if edit is not None:
        edit(document)
    seal(model, json.dumps(document).encode() if text is None else text)


def seal(model: Path, data: bytes) -> None:
    """Make these bytes the manifest."""
    folder = model / VERSION
    digest = hashlib.sha256(data).hexdigest()
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.sha256").write_text(f"{digest}  manifest.json\n")
    (model / "CURRENT").write_text(f"{VERSION} {digest}\n")


def replace_file(model: Path, name: str, data: bytes) -> None:
    (model / name).write_bytes(data)
    reseal(model)


def change_manifest(model: Path, **fields: Any) -> None:
    reseal(model, lambda document: document.update(fields))


def header_of(model: Path) -> tuple[dict, bytes]:
    data = (model / WEIGHTS).read_bytes()
    n_header = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + n_header]), data[8 + n_header :]


def replace_header(model: Path, text: bytes, body: bytes, length: int | None = None) -> None:
    replace_file(model, WEIGHTS, struct.pack("<Q", len(text) if length is None else length) + text + body)


def change_header(model: Path, edit: Callable[[dict], Any], body: bytes | None = None) -> None:
    header, old_body = header_of(model)
    edit(header)
    replace_header(model, json.dumps(header).encode(), old_body if body is None else body)


def torch_zip(marker: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb(marker)))
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()
