"""Checkpoints that were cut, flipped, exchanged or written to a full disk: refused, and nothing else."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from planted import same_model, small, topics
from stopping import KINDS, TEXTS, stopped, untouched, write_often

from kinfold.errors import ArtifactError, MachineError
from kinfold.estimators.skipgram.checkpoint import Checkpoint
from kinfold.estimators.skipgram.model import new_model
from kinfold.estimators.skipgram.training import Training, all_chunks


@pytest.fixture(autouse=True)
def often(monkeypatch):
    write_often(monkeypatch)


def resumed(folder, kind="everything"):
    """Read a stopped training's files, as resuming does, without learning; return all there is in them."""
    model = small(**KINDS[kind])
    kept = Checkpoint(folder, model._options())
    corpus, seed = kept.corpus()
    made = new_model(corpus.words, corpus.counts, model._options(), seed)
    found = [corpus.words, corpus.counts, corpus.tokens, corpus.held_out, corpus.n_tokens, corpus.n_dropped, seed]
    while kept.finished(made):
        found += [made.inputs, made.buckets, made.outputs, json.dumps(made.history)]
    training = Training(made, corpus, model._options(), all_chunks(corpus))
    kept.restore(training)
    best = training.best or ()
    return [*found, training.tables.inputs, training.tables.outputs, *best, repr(training.place), made.history]


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Return a folder with a training that was stopped in its second stage; not to be written to."""
    folder, at = tmp_path_factory.mktemp("left"), 3
    with pytest.MonkeyPatch.context() as patch:
        write_often(patch)
        while not (folder / "stage-0.npz").exists() or not (folder / "training.npz").exists():
            at += 1
            assert stopped(folder, KINDS["everything"], at, topics(1200))
    return folder


FILES = ["corpus.npz", "stage-0.npz", "training.npz", "tokens.ids", "held-out.ids"]


def test_files_are_told_as_they_are(left):
    assert sorted(path.name for path in left.iterdir()) == sorted(FILES)
    assert all(np.array_equal(a, b) for a, b in zip(resumed(left), resumed(left), strict=True))


@pytest.mark.parametrize("name", FILES)
def test_cut_short_emptied_or_with_more_behind(name, left, tmp_path):
    data = (left / name).read_bytes()
    shutil.copytree(left, tmp_path / "copy")
    for damaged in (
        b"",
        data[:1],
        data[:-1],
        data[:-4],
        data[: len(data) // 2],
        data[4:],
        data[::-1],
        b"\0" * len(data),
    ):
        (tmp_path / "copy" / name).write_bytes(damaged)
        with pytest.raises(ArtifactError, match="damaged") as caught:
            resumed(tmp_path / "copy")
        assert caught.value.code == "T-005" and name in caught.value.what
    if name.endswith(".ids"):
        for damaged in (data + b"\0" * 4, data + data, data[:-8] + data[-4:]):
            (tmp_path / "copy" / name).write_bytes(damaged)
            with pytest.raises(ArtifactError, match="damaged"):
                resumed(tmp_path / "copy")


@pytest.mark.parametrize("name", FILES)
def test_no_flipped_bit_gets_through(name, left, tmp_path):
    """Refused, or where it changes nothing that is read (a date, a spare field), the same to the last bit."""
    data = (left / name).read_bytes()
    shutil.copytree(left, tmp_path / "copy")
    expected = resumed(left)
    chosen = random.Random(name)
    # The directory of an archive is at its end; heads of its parts are at the start and in between.
    places = [*range(max(0, len(data) - 500), len(data), 5), *range(0, min(200, len(data)), 7)]
    places += [chosen.randrange(len(data)) for _ in range(40)]
    refused = 0
    for place in places:
        damaged = bytearray(data)
        damaged[place] ^= 1 << chosen.randrange(8)
        (tmp_path / "copy" / name).write_bytes(damaged)
        try:
            found = resumed(tmp_path / "copy")
        except ArtifactError as error:
            assert error.code == "T-005"
            refused += 1
        else:
            assert len(found) == len(expected)
            assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True)), place
    assert refused > 0.5 * len(places)


@pytest.mark.parametrize("name", ["tokens.ids", "held-out.ids"])
def test_missing(name, left, tmp_path):
    shutil.copytree(left, tmp_path / "copy")
    (tmp_path / "copy" / name).unlink()
    with pytest.raises(ArtifactError, match="damaged") as caught:
        small(**KINDS["everything"]).fit(untouched(), checkpoint=tmp_path / "copy", resume=True)
    assert caught.value.code == "T-005" and name in caught.value.what


def test_a_head_that_asks_for_more_memory_than_there_is(left, tmp_path):
    """The sums are looked at first: a damaged shape must not be believed."""
    shutil.copytree(left, tmp_path / "copy")
    data = (left / "training.npz").read_bytes()
    shape = b"(23, 16), }"
    huge = b"(9999999999, 16), }"
    assert data.count(shape + b" " * 8) > 0
    damaged = data.replace(shape + b" " * 8, huge, 1)
    assert len(damaged) == len(data)
    (tmp_path / "copy" / "training.npz").write_bytes(damaged)
    with pytest.raises(ArtifactError, match="damaged"):
        resumed(tmp_path / "copy")


def test_archives_that_are_whole_but_not_ours(left, tmp_path):
    shutil.copytree(left, tmp_path / "copy")
    said = np.frombuffer(b'{"stage": 1}', np.uint8)
    for name, arrays in {
        "corpus.npz": {"words": np.zeros(3, np.uint8)},
        "stage-0.npz": {"said": said, "inputs": np.zeros((3, 3))},
        "training.npz": {"said": said, "inputs": np.zeros((2, 2), np.float32), "outputs": np.zeros((2, 2), np.float32)},
    }.items():
        kept = (tmp_path / "copy" / name).read_bytes()
        for extra in ({}, {"said": np.array([{"code": 1}], object)}, {"said": np.frombuffer(b"[1]", np.uint8)}):
            np.savez(tmp_path / "copy" / name, **arrays | extra)
            with pytest.raises(ArtifactError) as caught:
                resumed(tmp_path / "copy")
            assert caught.value.code == "T-005"
        (tmp_path / "copy" / name).write_bytes(kept)
    resumed(tmp_path / "copy")


def test_a_table_of_another_stage_is_not_taken(left, tmp_path):
    """Killed after a stage was written and before its last tables were removed."""
    shutil.copytree(left, tmp_path / "copy")
    tables = dict(np.load(left / "training.npz"))
    said = json.loads(tables["said"].tobytes())
    assert said["stage"] == 1
    tables["said"] = np.frombuffer(json.dumps(said | {"stage": 0}).encode(), np.uint8)
    np.savez(tmp_path / "copy" / "training.npz", **tables)
    model = small(**KINDS["everything"]).fit(untouched(), checkpoint=tmp_path / "copy", resume=True)
    assert same_model(model, small(**KINDS["everything"]).fit(topics(1200)))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("name", ["corpus.npz", "training.npz", "stage-0.npz"])
def test_a_full_disk(name, tmp_path):
    (tmp_path / f"{name}.tmp").symlink_to("/dev/full")
    with pytest.raises(MachineError, match="can't be written") as caught:
        small(**KINDS["free"]).fit(TEXTS, checkpoint=tmp_path)
    assert caught.value.code == "M-012" and caught.value.seen == "No space left on device"
    assert not list(tmp_path.glob("*.tmp"))
    small(**KINDS["free"]).fit(TEXTS, checkpoint=tmp_path, resume=True)  # the disk has room again
