# %% [markdown]
"""Which of twenty emoji stood in a tweet: n-grams of words and characters, on the test tweets of TweetEval.

First like for like with the published 0.293 of a linear SVM: the texts as they are. They hold a trap: where the
emoji was a heart or a sun, taking it out left its invisible variation selector (U+FE0F) behind in most training and
test tweets of those classes, though not in the validation tweets; the shares are printed. A model that sees it is told
the answer. kinfold drops these selectors; for the first figures they are made visible. The figure without them is the
honest one. Settings were chosen on held-out training tweets, but the logistic loss had been measured on the test tweets
before, and learning from the validation tweets too was added after the figure without them was known.
"""

# %%
from collections import Counter

import kinfold as kf
from common import start
from kinfold.evaluation.evaluate import Evaluation

recipe = start("tweet_emoji", ["S27", "S29"], __doc__)
# Chosen on a third of the training tweets that was held out.
SETTINGS = {"metric": "macro_f1", "class_weight": 0.5, "across_words": False, "loss": "squared_hinge"}


# %%
def read(part: str) -> kf.Examples:
    """Return the tweets of one part, named by emoji."""
    folder = recipe.data / "tweeteval_emoji"
    names = dict(line.split("\t")[:2] for line in (folder / "mapping.txt").read_text("utf-8").split("\n") if line)
    texts = kf.read_table(folder / f"{part}_text.txt.gz", format="text").examples.texts
    labels = kf.read_table(folder / f"{part}_labels.txt", format="text").examples.texts
    return kf.Examples(texts, [names[label] for label in labels])


if recipe.quick:
    train, valid, test = kf.split(kf.sample("reviews"), (0.4, 0.1, 0.5), seed=recipe.seed)
else:
    train, valid, test = read("train"), read("val"), read("test")


for part, rows in (("train", train), ("validation", valid), ("test", test)):
    marked = Counter(label for text, label in zip(rows.texts, rows.labels, strict=True) if "\ufe0f" in text)
    of_label = Counter(rows.labels)
    print(f"{part}, share with U+FE0F:", {label: round(n / of_label[label], 2) for label, n in marked.most_common(2)})


# %%
def measure(train: kf.Examples, test: kf.Examples) -> tuple[kf.LinearTextClassifier, Evaluation]:
    """Fit on the training tweets, measure on the test tweets."""
    model = kf.LinearTextClassifier(random_state=recipe.seed, **SETTINGS)
    model.fit(train.texts, train.labels, progress=recipe.progress)
    return model, kf.evaluate(model, test, train_labels=train.labels, seed=recipe.seed)


def with_selectors_shown(rows: kf.Examples) -> kf.Examples:
    """Return the rows with every variation selector as a character that counts."""
    return kf.Examples([text.replace("\ufe0f", " \u2400 ") for text in rows.texts], rows.labels)


# %%
_, like_for_like = measure(with_selectors_shown(train), with_selectors_shown(test))
_, with_valid = measure(with_selectors_shown(kf.Examples.concat([train, valid])), with_selectors_shown(test))
model, honest = measure(train, test)
print(honest)

# %%
for label in model.classes_:
    print(f"speaks for {label}:", ", ".join(ngram for ngram, _ in model.top_ngrams(label, 8)))

# %%
recipe.finish(
    published={"macro_f1, texts as they are": 0.293},
    measured={
        "macro_f1, texts as they are": like_for_like.metrics["macro_f1"],
        "macro_f1, as they are, validation tweets learned too": with_valid.metrics["macro_f1"],
        "macro_f1, without the leaked selectors": honest.metrics["macro_f1"],
        "accuracy, texts as they are": like_for_like.metrics["accuracy"],
        "accuracy, without the leaked selectors": honest.metrics["accuracy"],
    },
    rows={"train": len(train), "validation": len(valid), "test": len(test)},
    settings={**SETTINGS, "C": model.C_, "n_features": model.n_features_},
)
