# %% [markdown]
"""Which answer belongs to a question? Words, learned vectors, and both, on three Stack Exchange sites.

The source weights shared embeddings by idf, learns them as question-answer matches and publishes no figure. Here all
answers of a site are ranked for each question held out, by question at random and by time; the accepted answer, else
the best scored, is the right one, so that others to the same question count as wrong (the figure for any of them stands
beside). With one right answer precision at 10 is a tenth of recall at 10. Nothing is learned from questions held out
or their answers, by time from nothing written later; votes are as the dump has them. The dumps have no duplicate links,
so that the nearest question can't be measured.

BM25 was made as good as could be found (stop words left out, k1, b), since as it comes it is easily beaten: that is
the same for all ways but one. Vectors of spelling are hashed character n-grams, which nothing teaches but their idf:
they find other forms of a word. All these settings were chosen on 399 questions that neither split asks with --seed 0,
where hybrid gained 0.013 (0.002 to 0.025) over BM25 at the best of several weights of several kinds of vectors. Which
of two hybrids, and its weight, is then chosen in each split on folds of the questions that are learned from. On the
questions asked little of the gain is left: a tie in both splits, and BM25 is what is served. Some 2,000 pairs teach
embeddings too little, be they started at random, as the source does, or from GloVe. With another seed the split by
question asks some of the 399.
"""

# %%
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import kinfold as kf
from common import start
from kinfold.evaluation.retrieval import choose
from pieces.answering import as_it_comes, cosines, indexed, ranked, searched
from pieces.dumps import sites
from pieces.films import word_vectors
from pieces.questions import Part, by_question, by_time, pairs_of, posts_of
from pieces.spelling import Remembered, Spelled

recipe = start("question_search", ["S25", "S26"], __doc__)
HELD, FOLDS, WEIGHTS = 0.4, 3, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
WORDS = {"k1": 2.0, "b": 0.9}
METRICS = ("mrr", "recall_at_1", "recall_at_10", "precision_at_10", "ndcg_at_10")
NET: dict[str, Any] = {"loss": "softmax", "batch_size": 128, "max_epochs": 10, "learning_rate": 2e-3, "patience": None}
NET |= {"valid": 0.0, "calibrate": False, "symbols": False, "random_state": recipe.seed, "n_threads": 1}
BAG, SPELLING = {"dim": 100, "pooling": "idf", "token_dropout": 0.3}, {"share": 0.2, "dim": 4096}
if recipe.quick:
    FOLDS, NET, BAG, SPELLING = 2, NET | {"max_epochs": 1, "min_count": 1}, BAG | {"dim": 16}, SPELLING | {"dim": 64}
found_sites = sites(recipe)
glove = None if recipe.quick else recipe.data / "glove_6b_100d_top50k" / "glove.6B.100d.top50k.txt.gz"
given = None if glove is None else kf.WordVectors.read(glove)
measured, seconds, chosen, served = {}, {}, {}, {}


# %%
def matcher(parts: Sequence[Part], vectors: kf.WordVectors | None) -> kf.PairMatcher:
    """Learn which answers belong to a question; from random numbers on, or from vectors."""
    model = kf.PairMatcher(encoder=kf.BagOfEmbeddings(**BAG), embedding=vectors, **NET)
    return model.fit(pairs_of(parts), progress=recipe.progress)


def encoders(parts: Sequence[Part]) -> dict[str, Remembered]:
    """Return the encoders that hybrid may take."""
    posts = posts_of(parts)
    start = given if given is not None else word_vectors(recipe, posts, {"dim": 16, "epochs": 1, "min_count": 1})
    model = matcher(parts, start)
    return {"matcher": Remembered(model), "spelling": Remembered(Spelled(model, posts, **SPELLING))}


def chosen_hybrid(parts: Sequence[Part]) -> tuple[str, float]:
    """Return the encoder and the weight that are best on folds of the questions that are learned from."""
    reciprocal: dict[tuple[str, float], list[float]] = {}
    for fold in zip(*(part.folds(FOLDS, recipe.seed) for part in parts), strict=True):
        for name, encoder in encoders(fold).items():
            indexes = indexed(fold, encoder, WORDS)
            for weight in WEIGHTS:
                ranks = searched(fold, indexes, "hybrid", weight)
                reciprocal.setdefault((name, weight), []).extend(ranks.per_query("mrr").tolist())
    found = {key: float(np.mean(values)) for key, values in reciprocal.items()}
    print("mrr on folds:", {f"{name}, {weight}": round(value, 4) for (name, weight), value in found.items()})
    return max(found, key=lambda key: found[key])


def measure(split: str, parts: Sequence[Part]) -> None:
    """Learn, rank the answers for the questions that are asked in all ways, and say what is served."""
    begun = time.monotonic()
    name, weight = chosen[split] = chosen_hybrid(parts)
    made = encoders(parts)
    indexes, source = indexed(parts, made[name], WORDS), indexed(parts, matcher(parts, None), WORDS)
    ways = {"tf-idf": ranked(parts, [cosines(part) for part in parts])}
    ways["BM25 as it comes"] = ranked(parts, [as_it_comes(part) for part in parts])
    ways["source's embedding"] = searched(parts, source, "dense", weight)
    ways["better embedding"] = searched(parts, indexed(parts, made["matcher"], WORDS), "dense", weight)
    ways["chosen vectors"] = searched(parts, indexes, "dense", weight)
    ways |= {"BM25": searched(parts, indexes, "bm25", weight), "hybrid": searched(parts, indexes, "hybrid", weight)}
    for way, ranks in ways.items():
        names = METRICS if way in ("tf-idf", "BM25", "hybrid") else METRICS[:1]
        for metric, value in ranks.metrics(names, seed=recipe.seed).items():
            measured[f"{split}, {way}, {metric}"] = value
    for what, asked in (("any answer", {"every": True}), ("of new answers", {"new": True})):
        for way, how in (("BM25", "bm25"), ("hybrid", "hybrid")):
            ranks = searched(parts, indexes, how, weight, **asked)
            measured[f"{split}, {way}, mrr, {what}"] = ranks.metrics(["mrr"], seed=recipe.seed)["mrr"]
    for plain in ("BM25", "tf-idf"):
        choice = choose({plain: ways[plain], "hybrid": ways["hybrid"]}, plain=plain, seed=recipe.seed)
        measured[f"{split}, hybrid less {plain}, mrr"] = choice.difference.interval
        print(f"{split}, {len(ways[plain]):,} questions: {choice}")
        served[f"{split}, {plain}"] = choice.served
    seconds[split] = recipe.took(f"{split}: hybrid of BM25 and {name}, weight {weight}", begun)


# %%
rng = np.random.default_rng(12345 + recipe.seed)  # so that the questions that settings were chosen on are not asked
measure("by question", [by_question(site, HELD, rng) for site in found_sites])
measure("by time", [by_time(site, HELD) for site in found_sites])

# %%
recipe.finish(
    published={},
    measured=measured,
    rows={
        "questions": sum(len(one.questions) for one in found_sites),
        "answers": sum(len(one.answers) for one in found_sites),
    },
    settings={"BM25": WORDS, "net": NET, "bag": BAG, "spelling": SPELLING, "chosen": chosen, "served": served}
    | {"seconds": seconds},
)
