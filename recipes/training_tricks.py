# %% [markdown]
"""What each trick of training a recurrent net is worth: tokens read until the loss on held-out reviews is low enough.

The source's slides add tricks to a recurrent net one by one and call the sum up to ten times as efficient. Here each
line adds one to the line before, from plain stochastic descent on a tanh net and padded batches in random order to all
of them. What counts is the tokens read until the held-out loss reaches the target; padding counts, for it is paid for.
The data are the training reviews of IMDB with at most 150 words, so that their lengths differ; the test reviews play
no part. Plain descent has the best of three rates: that with the lowest loss, on the first seed. A run that does not
reach the target in its budget stands as what it read: its true figure is higher, and so is the ratio to it.
"""

# %%
import time
from typing import Any

import numpy as np
import torch

import kinfold as kf
from common import start
from kinfold.errors import DataError
from kinfold.nn.heads import Head
from kinfold.nn.inputs import Inputs
from kinfold.nn.losses import cross_entropy
from kinfold.nn.model import TextNet
from kinfold.training.trainer import Trainer
from pieces.films import imdb
from pieces.reading import Reading, Watch, read

recipe = start("training_tricks", ["S57"], __doc__)
#: `budget`: tokens a run may read; `middle`: those of the lines that have one seed only.
SETTINGS = {"longest": 150, "train": 8000, "held": 1000, "words": 10_000, "units": 64, "batch": 64}
SETTINGS |= {"target": 0.45, "budget": 8_000_000, "middle": 4_000_000, "rates": (0.1, 0.3, 1.0), "seeds": 3}
if recipe.quick:
    SETTINGS |= {"train": 300, "held": 100, "units": 8, "target": 0.691, "budget": 20_000, "middle": 10_000, "seeds": 1}
START = {"net": kf.RNN, "init": "uniform", "pooling": "last", "bucket": False}
START |= {"optimizer": "sgd", "momentum": 0.0, "clip_norm": None, "schedule": "constant", "max_epochs": 1000}
#: What is added line by line, and whether a claim rests on the line, which then has all seeds.
TRICKS: list[tuple[str, dict[str, Any], bool]] = [
    ("plain descent, tanh net", {}, True),
    ("+ like lengths in a batch", {"bucket": True}, False),
    ("+ orthogonal start", {"init": "orthogonal"}, False),
    ("+ gated units", {"net": kf.GRU}, False),
    ("+ steep gates", {"steep_gates": True}, False),
    ("+ gradients clipped", {"clip_norm": 1.0}, False),
    ("+ Adam", {"optimizer": "adam", "learning_rate": 2e-3}, True),
    ("+ one cycle of the rate", {"schedule": "one-cycle", "max_epochs": 2, "learning_rate": 6e-3}, True),
    ("+ mean and largest state", {"pooling": "mean-max"}, True),
]


# %% Short reviews, in an order of chance; the first ones are learned from.
rows = kf.sample("reviews") if recipe.quick else imdb(recipe, "train")
short = [i for i, text in enumerate(rows.texts) if len(text.split()) <= SETTINGS["longest"]]
chosen = np.random.default_rng(recipe.seed).permutation(short)[: SETTINGS["train"] + SETTINGS["held"]]
train, held = read(rows.take(chosen.tolist()), SETTINGS["train"], SETTINGS["words"])


# %%
def tokens_to_target(options: dict[str, Any], budget: int, seed: int) -> tuple[int, bool, float]:
    """Train; return the tokens read, whether the target was reached, and the least held-out loss."""
    given = {**options, "units": SETTINGS["units"], "dim": SETTINGS["units"]}
    spec = given["net"](**{name: given[name] for name in given["net"]().get_params() if name in given})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = spec.build(Inputs(n_tokens=SETTINGS["words"] + 3))
        module = TextNet(encoder, Head(encoder.output_dim, 2))
    rows = Reading(train.ids, train.targets)
    watch = Watch(rows, held.loss, SETTINGS["target"], budget)
    names = ("optimizer", "learning_rate", "schedule", "momentum", "clip_norm", "max_epochs", "bucket")
    options = {name: given[name] for name in names} | {"batch_size": SETTINGS["batch"], "seed": seed}
    trainer = Trainer(**options, n_threads=1 if recipe.quick else None, callbacks=[watch])
    try:
        trainer.fit(module, lambda net, batch: cross_entropy(net(batch.inputs, batch.lengths), batch.targets), rows)
    except DataError:
        # The loss is no number any more: the target is never reached.
        return budget, False, watch.least
    return rows.read, watch.reached, watch.least


# %% Each line once, or with all seeds where a claim rests on it.
options, spent = dict(START), {}
seeds = range(recipe.seed, recipe.seed + SETTINGS["seeds"])
for name, added, claimed in TRICKS:
    options, begun = {**options, **added}, time.monotonic()
    budget = SETTINGS["budget"] if claimed else SETTINGS["middle"]
    if name == TRICKS[0][0]:
        tried = {}
        for rate in SETTINGS["rates"]:
            tried[rate] = tokens_to_target({**options, "learning_rate": rate}, budget, recipe.seed)
        rate = min(tried, key=lambda rate: (not tried[rate][1], tried[rate][0], tried[rate][2]))
        options["learning_rate"], runs = rate, [tried[rate]]
        print("plain descent, least loss by rate:", {rate: round(least, 4) for rate, (_, _, least) in tried.items()})
    else:
        runs = [tokens_to_target(options, budget, recipe.seed)]
    runs += [tokens_to_target(options, budget, seed) for seed in seeds[1:] if claimed]
    spent[name] = runs
    said = ", ".join(f"{'' if reached else '> '}{tokens:,} (loss {least:.3f})" for tokens, reached, least in runs)
    recipe.took(f"{name}: {said}", begun)


# %%
def span(values: list[float]) -> dict[str, float]:
    """Return the mean over seeds, and the least and largest of them."""
    return {"value": float(np.mean(values)), "low": min(values), "high": max(values)}


measured = {}
for name, runs in spent.items():
    bound = "" if all(reached for _, reached, _ in runs) else ", at least"
    measured[f"M tokens: {name}{bound}"] = span([tokens / 1e6 for tokens, _, _ in runs])
first, *_, last = spent.values()
# A first run that gave up makes the ratio a lower bound; a last one that did leaves nothing to say.
bound = "" if all(reached for _, reached, _ in first) else ", at least"
times = f"times fewer tokens with all tricks{bound}" if all(reached for _, reached, _ in last) else "target not reached"
measured[times] = span([slow / fast for (slow, _, _), (fast, _, _) in zip(first, last, strict=True)])
recipe.finish(
    published={times: 10.0},
    measured=measured,
    rows={"train": len(train.ids), "held out": len(held.ids)},
    settings={**SETTINGS, "intervals": "least and largest of the seeds"},
)
