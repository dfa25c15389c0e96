"""Every flipped bit is found: 1,000 single flips over all files of a model folder, and every bit of the small ones."""

from __future__ import annotations

import random
import shutil

import pytest
from toy_estimator import fitted, load_toy, save_toy

from kinfold.artifacts.versions import describe, verify
from kinfold.errors import ArtifactError

N_FLIPS = 1000


@pytest.fixture
def model(tmp_path):
    save_toy(fitted(1, n_words=200), tmp_path / "m")
    return tmp_path / "m"


@pytest.fixture
def two_versions(model):
    save_toy(fitted(2, n_words=200), model)
    return model


def _flip(path, bit):
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def _refused(action, path):
    try:
        action(path)
    except ArtifactError as error:
        return error
    return None


def test_1000_random_flips_are_all_found_and_the_file_is_named(model):
    chance = random.Random(0)
    files = sorted(path for path in model.rglob("*") if path.is_file())
    assert [path.name for path in files] == [
        "CURRENT",
        "manifest.json",
        "manifest.sha256",
        "weights.safetensors",
        "words.vocab.txt",
    ]
    n_bits = [path.stat().st_size * 8 for path in files]
    found, named = 0, 0
    for _ in range(N_FLIPS):
        # Half of them by size, half by file, so that the small files are not missed.
        weights = n_bits if chance.random() < 0.5 else None
        path = chance.choices(files, weights)[0]
        bit = chance.randrange(path.stat().st_size * 8)
        _flip(path, bit)
        error = _refused(load_toy, model)
        found += error is not None
        # A flip in CURRENT can make it name a version that is not there: then that version is named.
        named += error is not None and (path.name.split(".")[0] in str(error) or path.name == "CURRENT")
        assert _refused(verify, model) is not None
        _flip(path, bit)
    assert (found, named) == (N_FLIPS, N_FLIPS)
    load_toy(model)


def test_every_bit_of_current_and_of_the_sidecar_counts(two_versions):
    """With an older version at hand a flip in CURRENT must not load that one instead."""
    for path in (two_versions / "CURRENT", two_versions / "v000002" / "manifest.sha256"):
        for bit in range(path.stat().st_size * 8):
            _flip(path, bit)
            assert _refused(load_toy, two_versions) is not None, f"{path.name}, bit {bit}"
            assert _refused(describe, two_versions) is not None, f"{path.name}, bit {bit}"
            _flip(path, bit)


def test_current_that_names_the_older_version_is_refused(two_versions):
    text = (two_versions / "CURRENT").read_text()
    (two_versions / "CURRENT").write_text(text.replace("v000002", "v000001"))
    assert _refused(load_toy, two_versions).code == "A-006"


def test_flips_in_an_older_version_are_found_by_verify(two_versions):
    chance = random.Random(1)
    files = sorted((two_versions / "v000001").iterdir())
    for _ in range(100):
        path = chance.choice(files)
        bit = chance.randrange(path.stat().st_size * 8)
        _flip(path, bit)
        assert _refused(verify, two_versions) is not None
        assert load_toy(two_versions).tag == 2
        _flip(path, bit)
    assert [manifest.version for manifest in verify(two_versions)] == ["v000001", "v000002"]


@pytest.mark.parametrize("name", ["CURRENT", "v000002/weights.safetensors", "v000002/manifest.json"])
def test_damage_names_the_file_and_the_version_that_is_whole(two_versions, name):
    _flip(two_versions / name, 77)
    error = _refused(load_toy, two_versions)
    assert name.rsplit("/")[-1] in str(error)
    whole = "v000002" if name == "CURRENT" else "v000001"
    assert f'version="{whole}"' in error.fix
    assert load_toy(two_versions, version="v000001").tag == 1


def test_no_version_is_suggested_when_none_is_whole(two_versions):
    _flip(two_versions / "v000001" / "words.vocab.txt", 3)
    _flip(two_versions / "v000002" / "words.vocab.txt", 3)
    assert "version=" not in _refused(load_toy, two_versions).fix


def test_version_folder_from_another_model_is_refused(two_versions, tmp_path):
    shutil.copytree(two_versions / "v000001", two_versions / "v000003")
    error = _refused(lambda path: load_toy(path, version="v000003"), two_versions)
    assert error.code == "A-006"
    assert "another version" in error.what
