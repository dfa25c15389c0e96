"""Two processes that share a training learn what one learns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import training_worker

WORKER = Path(__file__).with_name("training_worker.py")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--standalone", WORKER, folder]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150)
    assert not done.returncode, done.stderr[-4000:]
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def flat(found):
    return np.concatenate([np.ravel(weight) for weight in found["weights"]])


def test_two_processes_learn_what_one_learns(found):
    alone = training_worker.shared()
    for one in found:
        np.testing.assert_allclose(flat(one["whole"]), flat(alone), rtol=0, atol=1e-6)
        np.testing.assert_allclose(one["whole"]["said"], alone["said"], rtol=1e-6)
        assert one["whole"]["stopped"] == alone["stopped"] == "epochs"
    assert found[0]["whole"] == found[1]["whole"]
    assert np.abs(flat(alone) - flat(training_worker.shared(max_epochs=2))).max() > 1e-3  # it did learn


def test_they_go_on_from_one_checkpoint_and_end_together(found):
    for one in found:
        assert one["resumed"] == found[0]["whole"]
        assert one["kept"] == 4 and one["asked"] == "callback"


def test_what_one_of_them_can_not_do_the_others_hear_of(found):
    assert [one["differing"] for one in found] == ["T-013", "T-013"]
    assert [one["broken"] for one in found] == ["its own", "M-017"]
    assert found[0]["progress"] and not found[1]["progress"]
