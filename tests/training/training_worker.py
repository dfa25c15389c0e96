"""What each process of a shared training does: ``torchrun training_worker.py FOLDER``; each writes what came of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from torch import distributed, nn
from training_toys import Adder, Sums, fit, measure, squared

from kinfold.errors import KinfoldError
from kinfold.training.callbacks import Callback

#: Twelve batches of eight and one of a single row, which leaves one process without any.
ROWS, VALID = Sums(97), measure(Sums(20, seed=1))
SETTINGS = {"max_epochs": 3, "clip_norm": 2.0, "schedule": "cosine", "average": "ema", "patience": 2}


class Spare(Adder):
    """A net with a weight that is used in some rows only, and one that never is."""

    def __init__(self):
        super().__init__(dropout=0)
        self.rare, self.idle = nn.Parameter(torch.ones(())), nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        """Add the rare weight where a batch holds a long row."""
        return super().forward(inputs) + (self.rare if inputs.shape[1] == 9 else 0.0)


def penalised(module, batch):
    """Return losses, and a penalty that is to count once."""
    return squared(module, batch), 0.1 * (module.first.weight**2).sum()


class Stop(Callback):
    """Ends the program's training, or asks for the training's end, at a step."""

    def __init__(self, step, asks=False):
        self.step, self.asks = step, asks

    def on_step_end(self, run):
        if run.step == self.step and not self.asks:
            raise KeyError(run.step)
        run.stop = self.asks and run.step == self.step


def shared(checkpoint=None, **given):
    """Train with all settings; return weights and history."""
    module, history = fit(Spare(), ROWS, VALID, checkpoint, step=penalised, **{**SETTINGS, **given})
    said = [[epoch.train_loss, epoch.valid["loss"], epoch.rows, epoch.tokens] for epoch in history.epochs]
    return {"weights": [weight.tolist() for weight in module.parameters()], "said": said, "stopped": history.stopped}


def failing(valid=VALID, **given):
    """Return what a training ends with."""
    try:
        fit(Spare(), ROWS, valid, **given)
    except KinfoldError as error:
        return error.code
    except ArithmeticError:
        return "its own"
    return ""


def broken(module):
    """Measure nothing."""
    raise ArithmeticError


def main():
    folder, found = Path(sys.argv[1]), {}
    found["whole"] = shared()
    rank = distributed.get_rank()
    found["asked"] = shared(callbacks=[Stop(5 if rank else 99, asks=True)])["stopped"]
    try:
        shared(folder / "kept", callbacks=[Stop(17)], checkpoint_seconds=0)
    except KeyError:
        found["kept"] = len(list((folder / "kept").iterdir()))
    distributed.barrier()
    found["resumed"] = shared(folder / "kept", resume=True)
    found["differing"] = failing(seed=rank)
    found["progress"] = []
    shared(max_epochs=1, progress=lambda what, _: found["progress"].append(what))
    found["broken"] = failing(broken)
    (folder / f"{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
