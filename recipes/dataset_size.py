# %% [markdown]
"""Would more rows help, and would a net pay off: learning curves, checked against rows that were held back.

First the forecasts: half of a pool of rows is shown to `kf.learning_curve`, and what a model learned from all of it
scores on thousands of other rows is then compared with the forecast for twice the rows: two linear models, pools that
share no rows, five data sets. The published figures are what the bands promise. What the forecast assumes was chosen
on other data (KINFOLD_TUNING=1: rt-polarity, SST, Quora) before any of these was looked at. Then the crossover: the
linear model and nets on growing parts of the film reviews, and how many texts a second each learns from and answers.
"""

# %%
import os
import re
import time

import numpy as np

import kinfold as kf
from common import start
from kinfold.cli.settings import settings
from kinfold.evaluation.intervals import mean_interval

recipe = start("dataset_size", ["S01", "S28"], __doc__)
LINEAR = {"pairs": {"characters": None}, "words": {"characters": None, "words": (1, 1)}}
POOLS = {"imdb": (5, 4000), "stackoverflow": (4, 4000), "emoji": (5, 4000), "ag_news": (2, 2400), "films": (5, 4000)}
if TUNING := bool(os.environ.get("KINFOLD_TUNING")):
    POOLS = {"rt_polarity": (2, 4000), "sst": (5, 4000), "quora": (4, 4000)}
if recipe.quick:
    POOLS = {"sample": (1, 260)}
# Rows that judge the truth, and how many others the curve is shown.
JUDGES, SHOWN = 6000, 100 if recipe.quick else 1000

PLAIN = {"format": "tsv", "quoting": "none"}
BARE = {"header": False, **PLAIN}
FILES = {
    "imdb": ("imdb_reviews/train.tsv.gz", {"label": "label", "quoting": "none"}),
    "stackoverflow": ("stackoverflow_titles/titles.tsv.gz", {"text": "2", "label": "1", **BARE}),
    "ag_news": ("ag_news_sample/dev.csv.gz", {"text": "content", "label": "label"}),
    "films": ("wikipedia_movies/movies.jsonl.gz", {"text": "extract", "label": "year", "max_rejected": 1.0}),
    "rt_polarity": ("rt_polarity/rt-polarity.csv.gz", {"label": "label"}),
    "sst": ("sentence_classification/sst2.phrases.train.tsv.gz", {"text": "1", "label": "2", **BARE}),
    "quora": ("quora_question_pairs/questions.tsv.gz", {"text": "question1", "label": "is_duplicate", **PLAIN}),
}


def read(name: str) -> kf.Examples:
    """Return all rows of a data set."""
    if name == "sample":
        return kf.sample("reviews")
    if name == "emoji":
        parts = [recipe.data / "tweeteval_emoji" / f"train_{part}" for part in ("text.txt.gz", "labels.txt")]
        return kf.Examples(*(kf.read_table(part, format="text").examples.texts for part in parts))
    rows = kf.read_table(recipe.data / FILES[name][0], **FILES[name][1]).examples
    if name != "films":
        return rows
    # From which decade a film is, by its description without its numbers.
    return kf.Examples([re.sub("[0-9]", "#", text) for text in rows.texts], [f"{year[:3]}0s" for year in rows.labels])


def share_right(model: kf.LinearTextClassifier, rows: kf.Examples, judges: kf.Examples) -> float:
    """Return the accuracy on the judges of a model that learned from the rows."""
    return float(np.mean(np.array(model.fit(rows.texts, rows.labels).predict(judges.texts)) == judges.labels))


def check(pool: kf.Examples, judges: kf.Examples, seed: int) -> list[dict[str, float]]:
    """Forecast from half of a pool what all of it brings; return for each model how that compares with the truth."""
    half, _ = kf.split(pool, (0.5, 0.5), seed=seed)
    shown, judges = kf.split(judges, (SHOWN / len(judges), 1 - SHOWN / len(judges)), seed=seed)
    models = {name: kf.LinearTextClassifier(n_threads=1, **params) for name, params in LINEAR.items()}
    sizes = [len(half) // part for part in ((4, 2, 1) if recipe.quick else (8, 4, 2, 1))]
    curve = kf.learning_curve(models, half, test=shown, sizes=sizes, seed=seed)
    cases, totals = [], []
    for name, model in models.items():
        told, truth = curve.doubled[name], share_right(model, pool, judges)
        gain = truth - share_right(model, half, judges)
        totals.append((told.score.value, truth))
        cases.append(
            {
                "80 % band of the score holds it": told.score.low <= truth <= told.score.high,
                "80 % band of the gain holds it": told.gain.low <= gain <= told.gain.high,
                "error of the forecast": abs(told.score.value - truth),
                "error of expecting no gain": abs(curve.models[name].means[-1] - truth),
                "width of the band": told.score.high - told.score.low,
                "gain": gain,
            }
        )
    (told_a, true_a), (told_b, true_b) = totals
    return [{**case, "which of two wins, forecast right": (told_a > told_b) == (true_a > true_b)} for case in cases]


# %%
cases = []
for done, (name, (n_pools, n_rows)) in enumerate(POOLS.items()):
    rows = read(name)
    needed = n_pools * n_rows + min(JUDGES, len(rows) - n_pools * n_rows)
    rows = rows.take(np.random.default_rng(recipe.seed).permutation(len(rows))[:needed].tolist())
    *pools, judges = kf.split(rows, (*[n_rows / needed] * n_pools, 1 - n_pools * n_rows / needed), seed=recipe.seed)
    for k, pool in enumerate(pools):
        recipe.progress(f"{name}, pool {k + 1}", (done + k / n_pools) / len(POOLS))
        cases += [{**case, "of": name} for case in check(pool, judges, recipe.seed + k)]
    here = [case for case in cases if case["of"] == name]
    print(f"{name}:", {key: round(float(np.mean([case[key] for case in here])), 4) for key in here[0] if key != "of"})
measured = {key: mean_interval([float(case[key]) for case in cases]) for key in cases[0] if key != "of"}

# %% The crossover.
NETS = ("bag",) if recipe.quick else ("gru", "char-cnn")
models = {"linear": kf.LinearTextClassifier()}
models |= {name: settings("classify", name, None, ["max_epochs=1"] * recipe.quick).build() for name in NETS}
rows, limit = (kf.sample("reviews"), 5) if recipe.quick else (read("imdb"), 40)
if not TUNING:
    asked = {"test": 0.2, "minutes": limit, "metric": "auc", "seed": recipe.seed}
    curve = kf.learning_curve(models, rows, progress=recipe.progress, **asked)
    print(curve)
    texts, labels = (column[: 200 if recipe.quick else 5000] for column in (rows.texts, rows.labels))
    print(f"\n{'model':<10}{'texts/s learned':>18}{'texts/s answered':>18}")
    for name, model in models.items():
        times = [time.perf_counter()]
        for work in (lambda model=model: model.fit(texts, labels), lambda model=model: model.predict_proba(texts)):
            work()
            times.append(time.perf_counter())
        print(f"{name:<10}", *(f"{len(texts) / took:>17,.0f}" for took in np.diff(times)))
        measured[f"{name}: auc forecast for twice {curve.models[name].sizes[-1]:,} rows"] = curve.doubled[name].score

# %%
recipe.finish(
    published={"80 % band of the score holds it": 0.8, "80 % band of the gain holds it": 0.8},
    measured=measured,
    rows={name: n_pools * n_rows for name, (n_pools, n_rows) in POOLS.items()},
    settings={"linear": LINEAR, "cases": len(cases), "shown": SHOWN, "bands chosen on": "rt-polarity, SST, Quora"},
)
