# %% [markdown]
"""Do two questions ask the same? The Quora pairs by the source's net and its ablation, and by trees with a net.

Published: 0.69, 0.72 and 0.79 for the mean of own word vectors, of GloVe's, and of GloVe's by tf-idf; what the source
calls accuracy is the mean label of the pairs nearer than 0.5, which is the precision of its answer "duplicate". It is
computed in the same way here, with the recall that belongs to it and the accuracy proper; so is the source's table of
nets: two layers, three, short cuts, batch norm before the ReLU, dropout, all layers side by side. Its vectors have 300
numbers, these 100; it learns 50 epochs of batches of 128, these 5 of 512 at twice the rate, so that each stands there
with three seeds.

Then boosted trees, a net with attention and their blend, by a random split and by one that cuts no connected component,
so that no question stands on both sides. No feature knows how often a question is asked about, or with whom. Settings
were chosen on pairs held out within the training pairs of both splits with --seed 0, which with another seed may be
asked; so was that the trees cross words that both have with those that one has, and see pairs of words. The audit says
what the random split owes to questions it has seen. `--part` says what to run; the precision at the source's recall
needs the part that measures it.
"""

# %%
import argparse
import sys
import time

import numpy as np
from joblib import Parallel, delayed

import kinfold as kf
from common import start
from kinfold.data.splits import component_groups
from kinfold.evaluation.intervals import mean_interval
from pieces.questionpairs import by_distance, counted, means, placed, precision_at, read, sides, source_net

PARTS = ("source", "random", "disjoint")
options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
options.add_argument("--part", action="append", choices=PARTS)
asked, sys.argv[1:] = options.parse_known_args()
recipe, parts = start("quora_duplicates", ["S61"], __doc__), asked.part or PARTS
BY = {"random": None, "disjoint": "component"}
N_SEEDS, SHARES = (1 if recipe.quick else 3), (0.88, 0.12)
SOURCE = {"similarity": "euclidean", "loss": "contrastive", "margin": 1.0, "learning_rate": 2e-3, "batch_size": 512}
SOURCE |= {"max_epochs": 1 if recipe.quick else 5, "patience": None, "valid": 0.0, "calibrate": False, "dropout": 0.0}
LAYERS = {
    "2 layers": {"layers": 2, "norm": None, "residual": False, "concat": False},
    "3 layers": {"norm": None, "residual": False, "concat": False},
    "short cuts, norm after": {"norm": "after", "concat": False},
    "short cuts, norm before": {"concat": False},
    "dropout": {"concat": False, "dropout": 0.2},
    "side by side": {},
}
OF = [*LAYERS, "vectors: own", "vectors: GloVe"]
TABLE = dict(zip(OF, (0.67, 0.74, 0.77, 0.78, 0.75, 0.79, 0.69, 0.72), strict=True))
TREES = {"embedding_words": 20_000, "max_trees": 1500, "max_leaves": 63, "patience": 30}
ATTENTION = {"similarity": "attention", "attention_units": 128, "hidden": (128,), "dropout": 0.2, "average": "ema"}
ATTENTION |= {"batch_size": 256, "learning_rate": 2e-3, "schedule": "one-cycle", "max_epochs": 2, "patience": None}
KIND = {"random": {"folds": "pairs", "C": 3.0}, "disjoint": {}}
if recipe.quick:
    TREES |= {"max_trees": 10, "cross_bits": 10}
    ATTENTION |= {"attention_units": 8, "hidden": (8,), "max_epochs": 1, "n_threads": 1}

rows, measured, seconds = read(recipe), {}, {}
if recipe.quick:
    glove = kf.SkipGram(dim=16, min_count=1, n_threads=1, random_state=recipe.seed).fit(rows.lefts).vectors_
else:
    glove = kf.WordVectors.read(recipe.data / "glove_6b_100d_top50k" / "glove.6B.100d.top50k.txt.gz")
splits = {name: kf.split(rows, SHARES, by=by, seed=recipe.seed) for name, by in BY.items()}


# %% The source: questions as means of vectors, a net over them, pairs by their distance.
recall = None
if "source" in parts:
    begun, (train, test) = time.monotonic(), splits["random"]
    known, places = placed(sides(train) + sides(test))
    learned, shown = np.split(places, [len(train)])
    matches, texts = np.array(test.labels) == max(test.labels), [*train.lefts, *train.rights]
    how = {"dim": 16, "min_count": 1, "n_threads": 1} if recipe.quick else {"dim": 100, "epochs": 3}
    own, words = kf.SkipGram(**how, random_state=recipe.seed).fit(texts, progress=recipe.progress), counted(known)
    items = {"own": means(*words, own.vectors_, None), "GloVe": means(*words, glove, None)}
    items["GloVe by tf-idf"] = means(*words, glove, learned.ravel())
    seconds["vectors"] = recipe.took("vectors", begun)
    nets = {name: ("GloVe by tf-idf", net) for name, net in LAYERS.items()}
    nets |= {"vectors: own": ("own", {}), "vectors: GloVe": ("GloVe", {})}
    # Each on one thread, two at a time: so small a net makes little use of a second.
    runs = Parallel(n_jobs=1 if recipe.quick else 2, return_as="generator")(
        delayed(source_net)(net, SOURCE | {"random_state": seed}, items[space], learned, train.labels, shown)
        for space, net in nets.values()
        for seed in range(N_SEEDS)
    )
    for name in nets:
        begun, told = time.monotonic(), [by_distance(next(runs), matches) for _ in range(N_SEEDS)]
        for what, values in zip(("precision", "recall", "accuracy"), zip(*told, strict=True), strict=True):
            measured[f"source, {name}, {what}"] = mean_interval(values)
        seconds[name] = recipe.took(f"{name}: precision {[round(one[0], 4) for one in told]}", begun)
    recall = measured["source, side by side, recall"].value


# %% Trees, attention, and both.
for split in (name for name in BY if name in parts):
    begun, (train, test) = time.monotonic(), splits[split]
    learned, held = kf.split(train, (0.95, 0.05), by=BY[split], seed=recipe.seed + 1)
    trees = kf.BoostedPairMatcher(embedding=glove, **TREES, **KIND[split])
    encoder = kf.MinGRU(units=8 if recipe.quick else 64, bidirectional=True, dim=glove.dim)
    net = kf.PairMatcher(encoder=encoder, embedding=glove, embedding_words=20_000, **ATTENTION)
    model = kf.BlendedPairMatcher(models={"trees": trees, "attention": net}, random_state=recipe.seed)
    model.fit(sides(learned), learned.labels, valid=(sides(held), held.labels), progress=recipe.progress)
    seconds[split] = recipe.took(f"{split}: {model.verdict_}", begun)
    groups = [str(one) for one in component_groups(test.lefts, test.rights)]
    truth = np.array(test.labels) == model.classes_[1]
    for name, one in {**model.members_, "blend": model}.items():
        p = one.predict_proba(sides(test))
        right = [float(a == b) for a, b in zip(one.answers(p), test.labels, strict=True)]
        measured[f"{split}, {name}, accuracy"] = mean_interval(right, groups=groups)
        lost = -np.log(np.where(truth, p[:, 1], p[:, 0]))
        measured[f"{split}, {name}, log loss"] = mean_interval(lost, groups=groups)
    if recall is not None:
        measured[f"{split}, blend, source's precision"] = precision_at(p[:, 1], truth, recall, groups)
    begun = time.monotonic()
    found = kf.audit(train, test, scores=p[:, 1], n_draws=100, seed=recipe.seed)
    seconds[f"audit, {split}"] = recipe.took(f"audit, {split}: {' '.join(found.sentences()[:3])}", begun)
    measured |= {f"{split}, {s.name}, accuracy": s.scores["accuracy"] for s in found.strata if s.rows > 99}

# %%
published = {f"source, {name}, precision": figure for name, figure in TABLE.items()} if recall is not None else {}
recipe.finish(
    published=published,
    measured=measured,
    rows={"pairs": len(rows)},
    settings={"source": SOURCE, "trees": TREES, "attention": ATTENTION, "kind": KIND, "seconds": seconds},
)
