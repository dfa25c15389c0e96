from __future__ import annotations

import os
from pathlib import Path

import pytest

from kinfold.data.table import read_table
from kinfold.errors import KinfoldError


@pytest.fixture
def write(tmp_path):
    """Write content to a file of that name and return its path."""

    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    return written


@pytest.fixture
def refused():
    """Read a table that must be refused; check the error's form and return its whole text."""

    def check(code: str, path: object, *, fix: bool = True, exit_code: int = 3, **options: object) -> str:
        with pytest.raises(KinfoldError) as caught:
            read_table(path, **options)
        error = caught.value
        assert (error.code, error.exit_code) == (code, exit_code), str(error)
        name = "<stdin>" if path == "-" else os.path.basename(str(path))
        assert name in str(error), "the message names the file"
        assert error.fix or not fix, "the message says what to do"
        return str(error)

    return check


@pytest.fixture
def good_rows():
    """Return CSV text of a header and `n` good rows."""

    def made(n: int = 200) -> str:
        rows = "".join(f"sentence number {i},{'pos' if i % 2 else 'neg'}\n" for i in range(n))
        return "text,label\n" + rows

    return made
