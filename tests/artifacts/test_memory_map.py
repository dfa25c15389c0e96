"""Mapped weights: the same numbers, checked as strictly, without taking memory before they are used."""

from __future__ import annotations

import json
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy_estimator import digest, fitted, load_toy, save_toy

from kinfold.artifacts import files, tensors
from kinfold.artifacts.store import load, save
from kinfold.errors import ArtifactError, MachineError
from kinfold.types import State

STATUS = Path("/proc/self/status")


class Table:
    """The least that can be saved: rows of numbers and their names, and nothing an estimator has."""

    def __init__(self, vectors):
        self.vectors = vectors

    def get_params(self, deep=True):
        return {}

    def get_state(self):
        names = "".join(f"w{i}\n" for i in range(len(self.vectors))).encode()
        return State({"vectors": self.vectors, "flags": self.vectors[:, 0] > 0}, {"words": names})

    @classmethod
    def from_state(cls, params, state):
        made = cls(**params, vectors=state.arrays["vectors"])
        made.flags = state.arrays["flags"]
        return made

    @classmethod
    def layout(cls, params, values, vocabulary_sizes):
        n = vocabulary_sizes["words"]
        return {"vectors": ("float32", (n, 64)), "flags": ("bool", (n,))}

    def probe_outputs(self, texts):
        return np.zeros((len(texts), 2)) + self.vectors[:1, :2].sum()


def registry(name):
    return {"Table": Table}[name]


def save_table(path, n_rows, seed=0):
    """Save a table of that many rows, 256 bytes each; return its numbers."""
    vectors = np.random.default_rng(seed).normal(size=(n_rows, 64)).astype(np.float32)
    save(Table(vectors), path, registry=registry)
    return vectors


def weights_of(model):
    return next(model.glob("v*/weights.safetensors"))


def test_the_same_arrays_bit_for_bit(tmp_path):
    save_toy(fitted(3, n_words=400), tmp_path / "m")
    read, mapped = load_toy(tmp_path / "m"), load_toy(tmp_path / "m", mmap=True)
    assert digest(mapped) == digest(read) == digest(fitted(3, n_words=400))
    for name, array in mapped.get_state().arrays.items():
        same = read.get_state().arrays[name]
        assert (array.dtype, array.shape, array.tobytes()) == (same.dtype, same.shape, same.tobytes())


def test_by_default_nothing_is_mapped(tmp_path, monkeypatch):
    save_toy(fitted(1), tmp_path / "m")
    monkeypatch.setattr(files, "map_file", None)
    assert load_toy(tmp_path / "m").weights_.flags.writeable
    with pytest.raises(TypeError):
        load_toy(tmp_path / "m", mmap=True)


def test_mapped_arrays_can_not_be_written(tmp_path):
    save_table(tmp_path / "m", 10)
    mapped = load(tmp_path / "m", mmap=True, registry=registry)
    with pytest.raises(ValueError, match="read-only"):
        mapped.vectors[0, 0] = 1.0
    with pytest.raises(ValueError, match="WRITEABLE"):
        mapped.vectors.flags.writeable = True


def test_a_mapped_model_can_be_saved_again_and_outlives_its_folder(tmp_path):
    vectors = save_table(tmp_path / "m", 300)
    mapped = load(tmp_path / "m", mmap=True, registry=registry)
    for _ in range(3):  # keep=2: the version that is mapped is removed meanwhile
        save(mapped, tmp_path / "m", registry=registry)
    assert not (tmp_path / "m" / mapped.load_report_.version).exists()
    assert mapped.vectors.tobytes() == vectors.tobytes()
    shutil.rmtree(tmp_path / "m")
    assert mapped.vectors.tobytes() == vectors.tobytes()


@pytest.mark.parametrize("mmap", [False, True])
def test_an_empty_table(tmp_path, mmap):
    vectors = np.zeros((0, 64), np.float32)
    save(Table(vectors), tmp_path / "m", registry=registry, probes=())
    loaded = load(tmp_path / "m", mmap=mmap, registry=registry)
    assert loaded.vectors.shape == (0, 64) and loaded.vectors.dtype == np.float32
    assert loaded.flags.shape == (0,)


def test_every_flip_in_the_weights_is_found(tmp_path):
    save_table(tmp_path / "m", 60)
    path = weights_of(tmp_path / "m")
    data = path.read_bytes()
    chance = random.Random(0)
    for place in (*range(80), *(chance.randrange(len(data)) for _ in range(80))):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :])
        with pytest.raises(ArtifactError, match=r"weights\.safetensors"):
            load(tmp_path / "m", mmap=True, registry=registry)
    path.write_bytes(data)
    load(tmp_path / "m", mmap=True, registry=registry)


def test_damage_that_makes_a_number_infinite_is_called_damage(tmp_path):
    """The hash is what tells an accident from a training that diverged, however the numbers look."""
    save_table(tmp_path / "m", 5)
    path = weights_of(tmp_path / "m")
    data = bytearray(path.read_bytes())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    data[start : start + 4] = struct.pack("<f", np.inf)
    path.write_bytes(data)
    codes = set()
    for mmap in (False, True):
        with pytest.raises(ArtifactError) as caught:
            load(tmp_path / "m", mmap=mmap, registry=registry)
        codes.add(caught.value.code)
    assert codes == {"A-006"}


def test_a_wrong_number_is_named_by_its_place_in_a_later_piece(tmp_path, monkeypatch):
    save_table(tmp_path / "m", 100)
    monkeypatch.setattr(tensors, "_BLOCK", 1000)
    monkeypatch.setattr(tensors, "value_fault", spoiled(tensors.value_fault, at=5_123))
    with pytest.raises(ArtifactError, match="array vectors") as caught:
        load(tmp_path / "m", mmap=True, registry=registry)
    assert caught.value.code == "A-011" and caught.value.seen == "nan at position 5,123"


def spoiled(check, at):
    """Return `check` that sees NaN at one place of the vectors: no save of ours would write it."""

    def look(name, block, start, where):
        if name == "vectors" and start <= at < start + block.size:
            block = block.copy()
            block[at - start] = np.nan
        return check(name, block, start, where)

    return look


def test_a_file_cut_while_it_is_read_is_refused(tmp_path, monkeypatch):
    save_table(tmp_path / "m", 100)
    path = weights_of(tmp_path / "m")
    whole, map_file = path.read_bytes(), files.map_file

    def cut_first(fd, size):
        path.write_bytes(whole[:100])
        return map_file(fd, size)

    monkeypatch.setattr(files, "map_file", cut_first)
    with pytest.raises(ArtifactError, match="changed while it was being read") as caught:
        load(tmp_path / "m", mmap=True, registry=registry)
    assert caught.value.code == "A-006"


def test_a_file_system_without_maps_is_a_machine_error(tmp_path, monkeypatch):
    save_table(tmp_path / "m", 10)

    def refuse(fd, size):
        raise OSError(19, "No such device")

    monkeypatch.setattr(files, "map_file", refuse)
    with pytest.raises(MachineError, match="could not be read"):
        load(tmp_path / "m", mmap=True, registry=registry)


CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from test_memory_map import STATUS, load, registry

def peak():
    lines = dict(line.split(":") for line in STATUS.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) << 10

load(sys.argv[3], mmap=True, registry=registry)  # everything that is imported on the way is in place
seen = [peak()]
mapped = load(sys.argv[2], mmap=True, registry=registry)
seen.append(peak())
mapped.vectors[12_345].sum()
seen.append(peak())
load(sys.argv[2], registry=registry)
seen.append(peak())
print(json.dumps(seen))
"""


@pytest.mark.skipif(not STATUS.exists(), reason="the peak of a process's memory is read from /proc")
def test_memory_does_not_grow_by_the_table(tmp_path):
    """A table of 96 MB, in a process of its own: mapped it costs a small buffer, read it costs its size."""
    save_table(tmp_path / "large", 375_000)
    save_table(tmp_path / "small", 10)
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), tmp_path / "large", tmp_path / "small"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    before, mapped, used, read = json.loads(done.stdout)
    assert mapped - before < 24_000_000
    assert used - mapped < 1_000_000
    assert read - used > 80_000_000, "the measure is deaf"
