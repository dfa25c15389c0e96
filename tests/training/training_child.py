"""Trainings in processes that are killed: ``python training_child.py``, jobs as JSON on stdin, answers on stdout.

A job is {"folder", "settings", "kill"}; `kill` is null for none, {"event": n} for when the n-th file of the folder is
about to be opened for writing, renamed or removed, or {"seconds": s}. An answer is {"killed", "events", "digest"}. Each
runs in a fork, so that torch is imported once.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time

from training_toys import Sums, fit, measure, squared, weights

MEASURES = ("epoch", "step", "train_loss", "learning_rate", "rows", "tokens", "valid")


def digest(module, history):
    """Return a sum over the weights and over all of the history that is no time."""
    said = history.to_dict()
    said["epochs"] = [{name: epoch[name] for name in MEASURES} for epoch in said["epochs"]]
    return hashlib.sha256(weights(module) + json.dumps(said).encode()).hexdigest()


def trained(job):
    pause = 0.002 if "seconds" in (job["kill"] or {}) else 0

    def step(module, batch):
        time.sleep(pause)
        return squared(module, batch)

    given = {"rows": Sums(50), "valid": measure(Sums(20, seed=1)), "step": step, "checkpoint_seconds": 0.0}
    return digest(*fit(**given, checkpoint=job["folder"], resume=True, **job["settings"]))


def count_events(folder, last):
    """Count what happens to files of a folder; kill this process when the count is `last`."""
    seen = [0]

    def hook(event, details):
        writes = event == "open" and isinstance(details[1], str) and "w" in details[1]
        if (writes or event in ("os.rename", "os.remove")) and str(details[0]).startswith(folder):
            seen[0] += 1
            if seen[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    return seen


def in_a_fork(job):
    kill = job["kill"] or {}
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        seen = count_events(job["folder"], kill.get("event", 0))
        answer = {"digest": trained(job), "events": seen[0]}
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    if "seconds" in kill:
        time.sleep(kill["seconds"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading) as file:
        said = file.read()
    status = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or said, f"a job failed: {job}"
    return {"killed": killed and not said, **json.loads(said or "{}")}


if __name__ == "__main__":
    fit(rows=Sums(8), max_epochs=1)  # what torch imports at its first step, before any fork
    assert "torch._dynamo" not in sys.modules, "the compiler takes two seconds to import and compiles nothing here"
    json.dump([in_a_fork(job) for job in json.load(sys.stdin)], sys.stdout)
