"""What several tests of reading and fetching share."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from kinfold.data.table import read_table
from kinfold.errors import KinfoldError

CSV = "text,label\na joy,pos\na bore,neg\n"
BOTH = {"text": "text", "label": "label"}


def texts(path, **options):
    return read_table(path, **{**BOTH, **options}).examples.texts


def zipped(members, mode=None):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            if mode is not None:
                info.external_attr = mode << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def assert_says(error: KinfoldError, *parts: object) -> None:
    for part in parts:
        assert str(part) in str(error)
    assert error.what and error.seen and error.fix and error.code


def left_over(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}
