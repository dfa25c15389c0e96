"""Trainings in processes that are killed: ``python skipgram_child.py``, jobs as JSON on stdin, answers on stdout.

A job is {"folder", "options", "texts", "resume", "kill"}; `texts` is how many sentences of `planted.topics`. `kill` is
null for none, {"event": n} for when the n-th file is about to be opened for writing, renamed or removed, or
{"seconds": s}. An answer is {"killed", "events", "digest"}. Jobs that may be killed run in a fork each, so that the
imports are done once.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from functools import partial

from planted import small, topics

from kinfold.estimators.skipgram import estimator, training
from kinfold.estimators.skipgram.checkpoint import Checkpoint


def digest(model):
    """Return a sum over all that was learned."""
    state, total = model.get_state(), hashlib.sha256()
    for name in sorted(state.arrays):
        total.update(name.encode() + state.arrays[name].tobytes())
    losses = [[entry["train_loss"], entry["valid_loss"]] for entry in model.history_]
    return hashlib.sha256(total.digest() + json.dumps(losses).encode()).hexdigest()


def slowly(sentences):
    """Yield sentences in half a tenth of a second, so that a kill may come while they are read."""
    for i, sentence in enumerate(sentences):
        if i % 100 == 0:
            time.sleep(0.05 / (len(sentences) / 100))
        yield sentence


def trained(job, slow=False):
    texts = topics(job["texts"])
    model = small(**job["options"])
    pause = partial(time.sleep, 0.002 if slow else 0)
    sentences = slowly(texts) if slow else texts
    model.fit(sentences, checkpoint=job["folder"], resume=job["resume"], progress=lambda *_: pause())
    return digest(model)


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
        answer = {"digest": trained(job, slow="seconds" in kill), "events": seen[0]}
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


def main():
    training._SEGMENT = 1
    estimator.Checkpoint = partial(Checkpoint, every=0.0)
    jobs = json.load(sys.stdin)
    for options in {json.dumps(job["options"]): job["options"] for job in jobs}.values():
        small(**options).fit(topics(50))  # compiled, before any fork
    answers = [{"digest": trained(job)} if job["kill"] is None else in_a_fork(job) for job in jobs]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
