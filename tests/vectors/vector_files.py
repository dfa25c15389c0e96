"""Small vector files of every kind, the same four words in each, and how a refusal is looked at."""

from __future__ import annotations

import numpy as np
import pytest

from kinfold.errors import KinfoldError
from kinfold.vectors.formats import read_vectors

WORDS = ["the", "of", "wörd", "😀"]
TABLE = np.array([[0.5, -0.25, 3.0], [1e-7, 2.0, -0.125], [0.1, 0.2, 0.3], [0.0, -0.0, 7.0]], np.float32)
TEXT = "the 0.5 -0.25 3.0\nof 1e-7 2 -0.125\nwörd 0.1 0.2 0.3\n😀 0 -0.0 +7.\n"


def binary(words=WORDS, table=TABLE, *, end=b"\n", header=None):
    """Return a binary file; `end` stands after each row."""
    start = header or f"{len(words)} {len(table[0])}\n".encode()
    rows = zip(words, np.asarray(table, "<f4"), strict=True)
    encoded = ((word if isinstance(word, bytes) else word.encode(), row.tobytes()) for word, row in rows)
    return start + b"".join(word + b" " + row + end for word, row in encoded)


FILES = {
    "word2vec": f"4 3\n{TEXT}".encode(),
    "fasttext": f"4 3\n{TEXT}".replace("\n", " \n").encode(),
    "glove": TEXT.encode(),
    "no_last_line_end": TEXT.encode()[:-1],
    "crlf": f"4 3\n{TEXT}".replace("\n", "\r\n").encode(),
    "trailing_blanks": f"4 3 \n{TEXT}".replace("\n", "  \t\n").encode(),
    "tabs": TEXT.replace(" ", "\t").encode(),
    "mark": "\ufeff".encode() + f"4 3\n{TEXT}".encode(),
    "mark_and_no_header": "\ufeff".encode() + TEXT.encode(),
    "blank_lines": f"4 3\n\n{TEXT}\n \n".encode(),
    "binary": binary(),
    "binary_without_line_feeds": binary(end=b""),
}


def write(folder, content, name="vectors"):
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path, **options):
    """Read what must be refused; return the error, whose text must be fit for people."""
    with pytest.raises(KinfoldError) as caught:
        read_vectors(path, **options)
    error = caught.value
    assert all(line.isprintable() for line in str(error).splitlines())
    assert error.code and error.fix
    return error
