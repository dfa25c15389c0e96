# %% [markdown]
"""Who asks for whom: links of the Wikispeedia graph as directed matches, told from pairs drawn in three ways.

Published: 0.76 right against random negatives and "slightly above 0.55" against such as keep both degrees, by a
two-stream net on a private graph of people. This graph is a stand-in, so that no figure is like for like. Against
random pairs popularity alone looks like knowledge; against degree-preserving ones it must be at chance, and what is
left is who fits whom. B's title in A's text mostly is the link itself, so the titles of all articles are cut out of
all texts, linked or not; the figures with them stand below.

A fifth of the links is tested on, a twentieth says when nets stop; of both, articles are known but links are not. A
test link's negative has the same left, and is no link at all; training draws others in each epoch, refusing training
links alone. Nets read latent vectors of the texts. Ranking: all articles but those that are linked already, for every
article with a link to find. Settings were chosen by the links that say when to stop.
"""

# %%
import time

import numpy as np
from sklearn.metrics import roc_auc_score

import kinfold as kf
from common import start
from kinfold.evaluation.intervals import Interval, resampled_interval
from kinfold.evaluation.retrieval import rank_all
from pieces.links import by_weight, latent, read, without_titles, words

recipe = start("link_requests", ["S06", "S07", "S08"], __doc__)
SAMPLERS = ("random", "requester-fixed", "degree-preserving")
DIM = 16 if recipe.quick else 200
NET = {"directed": True, "similarity": "dot", "roles": 128, "batch_size": 512, "learning_rate": 3e-3}
NET |= {"schedule": "one-cycle", "max_epochs": 16, "patience": None, "average": "ema", "dropout": 0.3}
TOWER = {"units": 256, "layers": 2, "concat": False, "dropout": 0.2}
if recipe.quick:
    NET |= {"max_epochs": 3, "batch_size": 64, "roles": 16, "n_threads": 1}
    TOWER |= {"units": 24}

# %% Texts with and without the titles in them; links to learn from, to stop by, to test on.
articles, begun = read(recipe), time.monotonic()
n = len(articles.titles)
masked, mentions = without_titles(articles)
weights = {"masked": by_weight(masked), "with titles": by_weight([words(text) for text in articles.texts])}
items = {name: latent(one, DIM, recipe.seed) for name, one in weights.items()}
recipe.took("texts", begun)
links = kf.Positives.of_numbers(*articles.links.T, n_left=n, n_right=n, shared=True)
ends = np.stack([links.lefts, links.rights], 1)
order = np.random.default_rng(recipe.seed).permutation(len(ends))
cuts = len(ends) // 5, len(ends) // 4
test, held, learned = np.split(order, cuts)
known = kf.Positives.of_numbers(*ends[learned].T, n_left=n, n_right=n, shared=True)
out, into = (np.log1p(degrees) for degrees in known.degrees())
wrong = {sampler: kf.Negatives(links, sampler, seed=recipe.seed).epoch(0) for sampler in SAMPLERS}
measured, seconds, rankers = {}, {}, {}


# %%
def auc(scores: np.ndarray, sampler: str) -> Interval:
    """Return how often a test link has more than a test negative of a sampler, by scores (n, n), lefts drawn anew."""
    right, other = (scores[pairs[test, 0], pairs[test, 1]] for pairs in (ends, wrong[sampler]))

    def of(rows: np.ndarray) -> float:
        return roc_auc_score(np.repeat([1, 0], len(rows)), np.concatenate([right[rows], other[rows]]))

    return resampled_interval(of, len(test), n_draws=20 if recipe.quick else 200, groups=ends[test, 0].astype(str))


def learn(sampler: str, texts: str) -> np.ndarray:
    """Return how near each article (n, n) is to each other one by a net that learned from pairs of a sampler."""
    stop = np.concatenate([ends[held], wrong[sampler][held]]), ["same"] * len(held) + ["different"] * len(held)
    drawn, begun = kf.Negatives(known, sampler, seed=recipe.seed), time.monotonic()
    net = kf.PairMatcher(encoder=kf.ResidualBag(**TOWER), random_state=recipe.seed, **NET)
    net.fit(ends[learned], items=items[texts], negatives=drawn.epoch, valid=stop, progress=recipe.progress)
    seconds[f"{sampler}, {texts}"] = recipe.took(f"net, {sampler}, {texts}", begun)
    return net.encode(items[texts], "left") @ net.encode(items[texts], "right").T


plain = {"popularity": out[:, None] + into[None, :]}
plain |= {f"tf-idf, {texts}": (one @ one.T).toarray() for texts, one in weights.items()}
plain["B's title in A's text"] = mentions.toarray()
for sampler in SAMPLERS:
    for texts in ("masked", *(["with titles"] if sampler != "requester-fixed" else [])):
        scores = rankers[f"net, {sampler}, {texts}"] = learn(sampler, texts)
        measured[f"AUC, {sampler}: net, {texts}"] = auc(scores, sampler)
    measured |= {f"AUC, {sampler}: {name}": auc(scores, sampler) for name, scores in plain.items()}

# %% Ranking: whom a left does not link to yet.
lefts = np.unique(ends[test, 0])
wanted = [ends[test[ends[test, 0] == left], 1] for left in lefts]
free = np.ones((n, n), bool)
free[ends[np.concatenate([learned, held])].T[0], ends[np.concatenate([learned, held])].T[1]] = False
free[np.arange(n), np.arange(n)] = False
for name in ("popularity", "tf-idf, masked", "tf-idf, with titles", *rankers):
    scores = plain.get(name, rankers.get(name))
    ranks = rank_all(lambda a, b, s=scores: s[lefts[a:b]], wanted, allowed=lambda q: free[lefts[q]], n_candidates=n)
    found = ranks.metrics(("precision_at_10", "recall_at_10", "mrr"), n_draws=50 if recipe.quick else 1000)
    measured |= {f"{metric}: {name}": value for metric, value in found.items()}

# %%
recipe.finish(
    published={},
    measured=measured,
    rows={"articles": n, "links learned from": len(learned), "to stop by": len(held), "tested on": len(test)},
    settings={"net": NET, "tower": TOWER, "dim": DIM, "seconds": seconds},
)
