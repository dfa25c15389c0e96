# %% [markdown]
"""Do two handwritten digits show the same one? MNIST pairs by a two-stream net and by a Siamese one.

Published: 0.975 of pairs held out at random, by a net of two streams with weights of their own. Its pairs are made of
the 55,000 training images, each with a partner that is the same digit half the time, and four fifths of the pairs are
learned from: so that images of the pairs held out are learned from too, as partners in others. It is repeated as it
is. Then both nets are asked about pairs of the official test images alone, each image in one pair, which no net, no
choice and no stopping has seen. The Siamese net learns other pairs in every epoch; pairs of 5,000 training images that
are in no other pair say when it stops. Its settings were chosen on these.
"""

# %%
import time

import numpy as np

import kinfold as kf
from common import start
from kinfold.evaluation.intervals import mean_interval
from pieces.digits import digits

recipe = start("mnist_pairs", ["S04", "S05"], __doc__)
rng = np.random.default_rng(recipe.seed)
(images, labels), (test_images, test_labels) = digits(recipe)
N_SOURCE, N_HELD = (900, 200) if recipe.quick else (55_000, 5000)
# As the source has them: convolutions of 5 x 5, 32 of them, a stream a side, and 512 units over both.
SOURCE = {
    "encoder": kf.ImageCNN(filters=(32,), grid=14, units=None, norm=False, dropout=0.5),
    **{"towers": "separate", "directed": True, "similarity": "concat", "hidden": (512,), "dropout": 0.5},
    **{"batch_size": 100, "learning_rate": 1e-3, "max_epochs": 20, "patience": None, "valid": 0.0},
}
SIAMESE = {
    "encoder": kf.ImageCNN(filters=(16, 32), units=64),
    **{"similarity": "interaction", "hidden": (64,), "dropout": 0.0, "average": "ema"},
    **{"batch_size": 128, "learning_rate": 3e-3, "schedule": "one-cycle", "max_epochs": 4, "patience": None},
}
if recipe.quick:
    small = {"max_epochs": 3, "batch_size": 32, "n_threads": 1}
    SOURCE |= small | {"encoder": kf.ImageCNN(filters=(4,), grid=4, units=None, norm=False), "hidden": (16,)}
    SIAMESE |= small | {"encoder": kf.ImageCNN(filters=(4, 8), grid=2, units=16)}


# %%
def partners(lefts: np.ndarray, among: np.ndarray, same: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an image for each of `lefts`, drawn from `among`: of the same digit where `same` says so, else another."""
    of_digit = {digit: among[labels[among] == digit] for digit in np.unique(labels)}
    others = {digit: among[labels[among] != digit] for digit in of_digit}
    return np.array([rng.choice((of_digit if s else others)[labels[i]]) for i, s in zip(lefts, same, strict=True)])


def disjoint(labels: np.ndarray) -> np.ndarray:
    """Return pairs (n, 2) of images, each in one pair at most: as many of the same digit as of two."""
    order = rng.permutation(len(labels))
    half, rest = order[: len(order) // 2], order[len(order) // 2 :]
    sorted_half = half[np.argsort(labels[half], kind="stable")]
    same = sorted_half[: len(half) // 2 * 2].reshape(-1, 2)
    same = same[labels[same[:, 0]] == labels[same[:, 1]]]
    # Sorted by digit, an image and the one a half further on are of two digits.
    far = rest[np.argsort(labels[rest], kind="stable")]
    other = np.stack([far[: len(far) // 2], far[len(far) // 2 : 2 * (len(far) // 2)]], 1)
    other = other[labels[other[:, 0]] != labels[other[:, 1]]]
    n = min(len(same), len(other))
    return np.concatenate([rng.permutation(same)[:n], rng.permutation(other)[:n]])


def told(pairs: np.ndarray, labels: np.ndarray) -> list[str]:
    """Return whether the images of each pair show the same digit."""
    return np.where(labels[pairs[:, 0]] == labels[pairs[:, 1]], "same", "different").tolist()


test_pairs = disjoint(test_labels)
test_sides, test_told = (test_images[test_pairs[:, 0]], test_images[test_pairs[:, 1]]), told(test_pairs, test_labels)
measured, seconds = {}, {}


def right(model: kf.PairMatcher, sides: tuple[np.ndarray, np.ndarray], truth: list[str]) -> list[float]:
    """Return which answers are right."""
    return [float(one == answer) for one, answer in zip(truth, model.predict(sides), strict=True)]


# %% The source's split: a fifth of the pairs, not of the images.
shown = np.arange(N_SOURCE)
pairs = np.stack([shown, partners(shown, shown, rng.random(N_SOURCE) < 0.5, rng)], 1)
pairs, n_learned = rng.permutation(pairs), round(0.8 * N_SOURCE)
learned, held = pairs[:n_learned], pairs[n_learned:]
held_sides = images[held[:, 0]], images[held[:, 1]]
begun = time.monotonic()
source = kf.PairMatcher(random_state=recipe.seed, **SOURCE)
source.fit(learned, told(learned, labels), items=images, progress=recipe.progress)
seconds["two streams"] = recipe.took(f"two streams, {source.n_parameters_:,} parameters", begun)
measured["accuracy, two streams, pairs held out"] = mean_interval(right(source, held_sides, told(held, labels)))
measured["accuracy, two streams, test images"] = mean_interval(right(source, test_sides, test_told))

# %% The Siamese net, on the source's pairs, and on pairs that are drawn anew.
begun = time.monotonic()
again = kf.PairMatcher(random_state=recipe.seed, valid=0.0, **{**SIAMESE, "max_epochs": 3 * SIAMESE["max_epochs"]})
again.fit(learned, told(learned, labels), items=images, progress=recipe.progress)
seconds["Siamese, the source's pairs"] = recipe.took("Siamese, the source's pairs", begun)
measured["accuracy, Siamese, pairs held out"] = mean_interval(right(again, held_sides, told(held, labels)))

judges, learners = np.arange(N_HELD), np.arange(N_HELD, len(images))
matches = np.stack([learners, partners(learners, learners, np.ones(len(learners), bool), rng)], 1)
judged = disjoint(labels[judges])


def draw(epoch: int) -> np.ndarray:
    """Return as many pairs of two digits, others in each epoch."""
    random = np.random.default_rng([recipe.seed, epoch])
    return np.stack([learners, partners(learners, learners, np.zeros(len(learners), bool), random)], 1)


begun = time.monotonic()
model = kf.PairMatcher(random_state=recipe.seed, **SIAMESE)
held_out = judged, told(judged, labels)
model.fit(matches, items=images, negatives=draw, valid=held_out, progress=recipe.progress)
seconds["Siamese"] = recipe.took(f"Siamese, {model.n_parameters_:,} parameters", begun)
measured["accuracy, Siamese, test images"] = mean_interval(right(model, test_sides, test_told))
print("held-out pairs by epoch:", [round(epoch.valid["loss"], 4) for epoch in model.history_])

# %%
recipe.finish(
    published={"accuracy, two streams, pairs held out": 0.975, "accuracy, Siamese, pairs held out": 0.975},
    measured=measured,
    rows={"images": len(images), "pairs": len(learned), "pairs held out": len(held), "test pairs": len(test_pairs)},
    settings={"two streams": {**SOURCE, "encoder": repr(SOURCE["encoder"])}, "seconds": seconds}
    | {"Siamese": {**SIAMESE, "encoder": repr(SIAMESE["encoder"])}},
)
