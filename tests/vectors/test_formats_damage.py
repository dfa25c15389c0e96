"""Damaged vector files, whatever the damage, and the memory that large ones take."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from vector_files import FILES, write

from kinfold.errors import KinfoldError
from kinfold.vectors.formats import read_vectors, write_vectors

STATUS = Path("/proc/self/status")


def test_no_damage_is_anything_but_an_error_of_ours_or_a_table_that_adds_up(tmp_path):
    chance = random.Random(0)
    outcomes = Counter()
    for _ in range(600):
        data = bytearray(FILES[chance.choice(sorted(FILES))])
        if chance.random() < 0.2:
            data = bytearray(gzip.compress(bytes(data)))
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(data))
            kind = chance.randrange(4)
            if kind == 0:
                data[place] ^= 1 << chance.randrange(8)
            elif kind == 1:
                del data[place : place + chance.randrange(1, 9)]
            elif kind == 2:
                data[place:place] = chance.choice(
                    [b"\n", b" ", b"\r", b"\0", b"9", b"e", "é".encode(), b"\xff", b"1 2 3"]
                )
            else:
                del data[place:]
            data = data or bytearray(b"x")
        try:
            read = read_vectors(write(tmp_path, bytes(data)), limit=chance.choice([None, 2]))
        except KinfoldError as error:
            outcomes[error.code] += 1
            continue
        account = read.account
        outcomes["read"] += 1
        assert account.rows == account.kept + account.duplicates + account.rejected
        assert len(read.words) == len(set(read.words)) == len(read.vectors) == account.kept > 0
        assert "" not in read.words and np.isfinite(read.vectors).all()
    assert len(outcomes) > 10 and outcomes["read"] > 100


CHILD = """
import sys
from pathlib import Path
from kinfold.vectors.formats import read_vectors

def peak():
    lines = dict(line.split(":") for line in Path(sys.argv[1]).read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) << 10

for small in sys.argv[3:]:
    read_vectors(small)  # now all is imported and compiled
before = peak()
size = read_vectors(sys.argv[2]).vectors.nbytes
print(peak() - before - size)
"""


@pytest.mark.skipif(not STATUS.exists(), reason="the peak of a process's memory is read from /proc")
@pytest.mark.parametrize("name", ["large.glove", "large.bin.gz"])
def test_memory_is_the_table_and_a_small_buffer(tmp_path, name):
    """A table of 10 MB, a file of 27 MB as text; where its size is not known the table grows by an eighth at a time."""
    table = np.random.default_rng(0).normal(size=(8_000, 300)).astype(np.float32)
    write_vectors(SimpleNamespace(words=[f"w{i}" for i in range(8_000)], vectors=table), tmp_path / name)
    small = [write(tmp_path, FILES[kind], kind) for kind in ("glove", "binary")]
    command = [sys.executable, "-c", CHILD, STATUS, tmp_path / name, *small]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 7_000_000 + table.nbytes / 8
