# %% [markdown]
"""Do two handwritten digits show the same one? MNIST pairs by a two-stream net and by a Siamese one.

Published: 0.975 of pairs held out at random, by a net of two streams with weights of their own. Its pairs are made of
the 55,000 training images, each with a partner that is the same digit half the time, and four fifths of the pairs are
learned from: so that images of the pairs held out are learned from too, as partners in others. It is repeated as it
is. Then both nets are asked about pairs of the official test images alone, each image in one pair, by which nothing was
learned, chosen or stopped, though the figure of an earlier net on them was known when this one was made.

For these the Siamese net learns from matches alone, and a batch has the images of other digits for what does not match:
each image is encoded once for some hundred comparisons. Images are moved by a pixel. Pairs of 5,000 training images
that are in no other pair give the threshold; settings were chosen on such pairs.
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
    "encoder": kf.ImageCNN(filters=(16, 32, 64), width=3, units=64, shift=1),
    **{"batch_size": 128, "learning_rate": 3e-3, "schedule": "one-cycle", "max_epochs": 8, "patience": None},
    **{"dropout": 0.0, "average": "ema"},
}
TWO_LABELS = {"similarity": "interaction", "hidden": (64,), "valid": 0.0}
MATCHES = {"similarity": "cosine", "loss": "softmax", "temperature": 0.1, "transitive": True}
if recipe.quick:
    small = {"max_epochs": 3, "batch_size": 32, "n_threads": 1}
    SOURCE |= small | {"encoder": kf.ImageCNN(filters=(4,), grid=4, units=None, norm=False), "hidden": (16,)}
    SIAMESE |= small | {"encoder": kf.ImageCNN(filters=(4, 8), width=3, grid=2, units=16)}
    TWO_LABELS |= {"hidden": (16,)}


# %%
def partners(shown: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Return one of the images for each of them: of the same digit where `same` says so, else of another."""
    of_digit = {digit: shown[labels[shown] == digit] for digit in np.unique(labels)}
    others = {digit: shown[labels[shown] != digit] for digit in of_digit}
    return np.array([rng.choice((of_digit if s else others)[labels[i]]) for i, s in zip(shown, same, strict=True)])


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
pairs = np.stack([shown, partners(shown, rng.random(N_SOURCE) < 0.5)], 1)
pairs, n_learned = rng.permutation(pairs), round(0.8 * N_SOURCE)
learned, held = pairs[:n_learned], pairs[n_learned:]
held_sides = images[held[:, 0]], images[held[:, 1]]
begun = time.monotonic()
source = kf.PairMatcher(random_state=recipe.seed, **SOURCE)
source.fit(learned, told(learned, labels), items=images, progress=recipe.progress)
seconds["two streams"] = recipe.took(f"two streams, {source.n_parameters_:,} parameters", begun)
measured["accuracy, two streams, pairs held out"] = mean_interval(right(source, held_sides, told(held, labels)))
measured["accuracy, two streams, test images"] = mean_interval(right(source, test_sides, test_told))

# %% The Siamese net, on the source's pairs.
begun = time.monotonic()
again = kf.PairMatcher(random_state=recipe.seed, **SIAMESE, **TWO_LABELS)
again.fit(learned, told(learned, labels), items=images, progress=recipe.progress)
seconds["Siamese, the source's pairs"] = recipe.took("Siamese, the source's pairs", begun)
measured["accuracy, Siamese, pairs held out"] = mean_interval(right(again, held_sides, told(held, labels)))

# %% The same on matches: each image with the next of its digit, round and round, so that chains connect a digit.
judges, learners = np.arange(N_HELD), np.arange(N_HELD, len(images))
rings = [rng.permutation(learners[labels[learners] == digit]) for digit in np.unique(labels)]
matches = np.concatenate([np.stack([ring, np.roll(ring, 1)], 1) for ring in rings])
judged = disjoint(labels[judges])
begun = time.monotonic()
model = kf.PairMatcher(random_state=recipe.seed, **SIAMESE, **MATCHES)
model.fit(matches, items=images, valid=(judged, told(judged, labels)), progress=recipe.progress)
seconds["Siamese"] = recipe.took(f"Siamese, {model.n_parameters_:,} parameters", begun)
measured["accuracy, Siamese, test images"] = mean_interval(right(model, test_sides, test_told))
print("AUC of held-out pairs by epoch:", [round(epoch.valid["auc"], 5) for epoch in model.history_])

# %%
recipe.finish(
    published={"accuracy, two streams, pairs held out": 0.975, "accuracy, Siamese, pairs held out": 0.975},
    measured=measured,
    rows={"images": len(images), "pairs": len(learned), "pairs held out": len(held), "test pairs": len(test_pairs)},
    settings={"two streams": {**SOURCE, "encoder": repr(SOURCE["encoder"])}, "seconds": seconds}
    | {"Siamese": {**SIAMESE, "encoder": repr(SIAMESE["encoder"]), "two labels": TWO_LABELS, "matches": MATCHES}},
)
