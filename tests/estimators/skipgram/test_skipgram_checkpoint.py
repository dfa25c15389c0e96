"""Trainings that stop, by an error or by kill -9, and go on to the same bits."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from planted import same_model, small, topics
from skipgram_child import digest
from stopping import KINDS, TEXTS, Stop, stopped, untouched, write_often

from kinfold.errors import DataError, InvalidParameterError
from kinfold.estimators.skipgram import checkpoint, estimator
from kinfold.estimators.skipgram.checkpoint import Checkpoint


@pytest.fixture(autouse=True)
def often(monkeypatch):
    write_often(monkeypatch)


@pytest.fixture(scope="module")
def whole():
    """Return what a training of some kind learns that is never stopped, without a checkpoint."""
    made = {}

    def fitted(kind):
        if kind not in made:
            made[kind] = small(**KINDS[kind]).fit(TEXTS)
        return made[kind]

    return fitted


@pytest.mark.parametrize("kind", KINDS)
def test_to_write_checkpoints_changes_nothing(kind, whole, tmp_path):
    model = small(**KINDS[kind]).fit(TEXTS, checkpoint=tmp_path / "new" / "folder")
    assert same_model(model, whole(kind))
    stages = [f"stage-{i}.npz" for i in range(1 + KINDS[kind].get("replicas", 0))]
    found = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert found == sorted(["corpus.npz", "held-out.ids", "tokens.ids", *stages])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [0, 1, 3, 5])
def test_what_was_stopped_goes_on(kind, at, whole, tmp_path):
    assert stopped(tmp_path, KINDS[kind], at)
    model = small(**KINDS[kind]).fit(untouched(), checkpoint=tmp_path, resume=True)
    assert same_model(model, whole(kind))
    assert [entry["epoch"] for entry in model.history_] == [entry["epoch"] for entry in whole(kind).history_]
    assert (model.n_words_, model.n_dropped_) == (whole(kind).n_words_, whole(kind).n_dropped_)


@pytest.mark.parametrize("kind", ["free", "everything"])
def test_stopped_again_and_again(kind, whole, tmp_path):
    stops = 0
    while stopped(tmp_path, KINDS[kind], 2, resume=True):
        stops += 1
        assert stops < 100
    assert stops > 3
    model = small(**KINDS[kind]).fit(untouched(), checkpoint=tmp_path, resume=True)
    assert same_model(model, whole(kind))


def test_what_was_finished_is_not_done_again(whole, tmp_path):
    kind = "everything"
    small(**KINDS[kind]).fit(TEXTS, checkpoint=tmp_path)
    said = []
    model = small(**KINDS[kind]).fit(untouched(), checkpoint=tmp_path, resume=True, progress=lambda *w: said.append(w))
    assert same_model(model, whole(kind)) and not said


def test_the_seed_that_was_drawn_is_kept(tmp_path):
    options = {"random_state": None, "epochs": 2}
    assert stopped(tmp_path, options, 3)
    model = small(**options).fit(untouched(), checkpoint=tmp_path, resume=True)
    assert same_model(model, small(random_state=model.seed_, epochs=2).fit(TEXTS))


def test_stopped_while_it_reads(whole, tmp_path):
    def broken():
        yield from TEXTS[:3000]
        raise Stop

    for _ in range(2):
        with pytest.raises(Stop):
            small(**KINDS["free"]).fit(broken(), checkpoint=tmp_path, resume=True)
    model = small(**KINDS["free"]).fit(TEXTS, checkpoint=tmp_path, resume=True)
    assert same_model(model, whole("free"))


@pytest.mark.parametrize("at", [2, 5, 99])
def test_without_resume_it_starts_anew(at, whole, tmp_path):
    """Nothing of the training that was here before is taken for this one's, wherever this one stops."""

    def broken():
        yield from TEXTS[:3000]
        raise Stop

    stopped(tmp_path, KINDS["everything"] | {"random_state": 5}, at, topics(5000, seed=1))
    with pytest.raises(Stop):
        small(**KINDS["everything"]).fit(broken(), checkpoint=tmp_path)
    stopped(tmp_path, KINDS["everything"], 0, resume=True)
    model = small(**KINDS["everything"]).fit(TEXTS, checkpoint=tmp_path, resume=True)
    assert same_model(model, whole("everything"))


def test_other_parameters_are_refused(tmp_path):
    stopped(tmp_path, KINDS["deterministic"], 3)
    others = {"dim": 24, "window": 2, "epochs": 4, "random_state": 1, "subwords": (2, 3), "min_count": 2, "sample": 0.1}
    for name, value in others.items():
        with pytest.raises(InvalidParameterError, match=f"another `{name}`") as caught:
            small(**KINDS["deterministic"] | {name: value}).fit(TEXTS, checkpoint=tmp_path, resume=True)
        assert caught.value.code == "T-004" and repr(value)[:3] in caught.value.seen.replace("[", "(")
    with pytest.raises(InvalidParameterError, match="`epochs` must be"):
        small(**KINDS["deterministic"] | {"epochs": 0}).fit(TEXTS, checkpoint=tmp_path, resume=True)


def test_how_fast_it_runs_may_change(whole, tmp_path):
    stopped(tmp_path, KINDS["deterministic"], 2)
    model = small(**KINDS["deterministic"] | {"n_threads": 3, "device": "auto"})
    assert same_model(model.fit(untouched(), checkpoint=tmp_path, resume=True), whole("deterministic"))


def test_numbers_of_other_kinds_are_the_same_parameters(whole, tmp_path):
    stopped(tmp_path, KINDS["free"] | {"dim": np.int64(16), "sample": np.float32(0)}, 2)
    model = small(**KINDS["free"]).fit(untouched(), checkpoint=tmp_path, resume=True)
    assert same_model(model, whole("free"))


def test_how_often_it_is_written(monkeypatch, tmp_path):
    """The end of a pass is always written; within one, only when the time has come."""
    written = []
    monkeypatch.setattr(checkpoint, "write_archive", lambda path, *rest: written.append(path.name))
    monkeypatch.setattr(estimator, "Checkpoint", Checkpoint)
    small(**KINDS["free"]).fit(TEXTS, checkpoint=tmp_path)
    assert Checkpoint(tmp_path, None).every == 30.0
    assert written == ["corpus.npz", *["training.npz"] * 3, "stage-0.npz"]


def test_a_wrong_text_leaves_nothing_to_resume(tmp_path):
    for _ in range(2):
        with pytest.raises(DataError):
            small().fit(["one", "two"], checkpoint=tmp_path, resume=True)
    assert not (tmp_path / "corpus.npz").exists()
    small(epochs=1).fit(TEXTS, checkpoint=tmp_path, resume=True)


# kill -9


def run(jobs):
    """Run jobs in a process of their own; see `skipgram_child`."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("skipgram_child.py"))],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def job(folder, options, n_texts, kill, resume=False):
    return {"folder": str(folder), "options": options, "texts": n_texts, "kill": kill, "resume": resume}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="jobs are forked")
def test_killed_whenever_a_file_is_touched(tmp_path):
    """At each opening, renaming and removing of a file in turn, replicas and all; then on, in another process."""
    options = {"epochs": 1, "replicas": 1, "valid": 0.1}
    expected = digest(small(**options).fit(topics(1000)))
    folders = {n: tmp_path / str(n) for n in range(1, 50)}
    answers = run([job(folder, options, 1000, {"event": n}) for n, folder in folders.items()])
    killed = [answer["killed"] for answer in answers]
    assert killed == sorted(killed, reverse=True) and 25 < sum(killed) < len(killed)  # the last came to their end
    assert {answer["digest"] for answer in answers if not answer["killed"]} == {expected}
    resumed = run([job(folder, options, 1000, None, True) for folder in folders.values()])
    assert [n for n, answer in zip(folders, resumed, strict=True) if answer["digest"] != expected] == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="jobs are forked")
def test_killed_at_any_moment(tmp_path):
    """In the middle of reading, of a pass, of a file; twice, and on in a third process."""
    chosen = random.Random(0)
    kinds = [
        KINDS["free cbow"] | {"replicas": 1, "valid": 0.1},
        KINDS["deterministic"] | {"subwords": (2, 3), "buckets": 40},
    ]
    expected = [digest(small(**options).fit(topics(4000))) for options in kinds]
    jobs = [(tmp_path / f"{i}-{n}", options, i) for i, options in enumerate(kinds) for n in range(4)]
    killed = 0
    for resume in (False, True):
        kills = [{"seconds": chosen.uniform(0.01, 0.2)} for _ in jobs]
        answers = run([job(f, o, 4000, kill, resume) for (f, o, _), kill in zip(jobs, kills, strict=True)])
        killed += sum(answer["killed"] for answer in answers)
    assert killed > len(jobs)
    resumed = run([job(folder, options, 4000, None, True) for folder, options, _ in jobs])
    assert [answer["digest"] for answer in resumed] == [expected[i] for _, _, i in jobs]
