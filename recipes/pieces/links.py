"""The articles of the Wikispeedia graph, their links, and their texts without the titles that stand in them."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from common import Recipe

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True)
class Articles:
    """Articles and who links to whom.

    Attributes
    ----------
    titles, texts
        One a row.
    links
        (n, 2) the article that links and the one it links to; none to itself.
    """

    titles: list[str]
    texts: list[str]
    links: np.ndarray


def read(recipe: Recipe) -> Articles:
    """Return the articles; without data small ones whose links follow hidden topics and popularity."""
    if recipe.quick:
        return _planted(np.random.default_rng(recipe.seed))
    folder = recipe.data / "wikispeedia"
    with gzip.open(folder / "articles.jsonl.gz", "rt", encoding="utf-8") as file:
        articles = [json.loads(line) for line in file]
    place = {article["name"]: i for i, article in enumerate(articles)}
    with gzip.open(folder / "links.tsv.gz", "rt", encoding="utf-8") as file:
        ends = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    links = [(place[a], place[b]) for a, b in ends if a in place and b in place and a != b]
    titles = [re.sub(r"\s*\([^)]*\)", "", article["title"]) for article in articles]
    texts = ["\n".join(line for line in one["text"].split("\n") if "#copyright" not in line) for one in articles]
    return Articles(titles, texts, np.array(links))


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.lower())


def without_titles(articles: Articles) -> tuple[list[list[str]], csr_array]:
    """Return each text's words without the titles of articles, any article's, and which titles stood in which text.

    All titles go, whether there is a link or not: what is left can't tell one from the other. The longest title that
    begins at a word is taken.
    """
    titled, beginning = defaultdict(list), defaultdict(set)
    for i, title in enumerate(articles.titles):
        if cut := tuple(words(title)):
            titled[cut].append(i)
            beginning[cut[0]].add(cut)
    longest_first = {word: sorted(found, key=len, reverse=True) for word, found in beginning.items()}
    left, rows, columns = [], [], []
    for row, text in enumerate(articles.texts):
        given, kept, i = words(text), [], 0
        while i < len(given):
            starts = longest_first.get(given[i], ())
            hit = next((one for one in starts if tuple(given[i : i + len(one)]) == one), None)
            if hit is None:
                kept.append(given[i])
                i += 1
            else:
                i += len(hit)
                columns += titled[hit]
                rows += [row] * len(titled[hit])
        left.append(kept)
    n = len(articles.titles)
    return left, csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))


def by_weight(texts: Sequence[list[str]]) -> csr_array:
    """Return tf-idf vectors (N, V) of length 1 of texts that are cut into words."""
    vectorizer = TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=3, max_df=0.5, dtype=np.float32)
    return csr_array(vectorizer.fit_transform(texts))


def latent(weights: csr_array, dim: int, seed: int) -> np.ndarray:
    """Return vectors (N, 1, dim) float32 of like lengths: latent semantic analysis, Deerwester et al. (1990)."""
    found = TruncatedSVD(min(dim, weights.shape[1] - 1), random_state=seed, n_iter=3).fit_transform(weights)
    unit = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return (np.sqrt(unit.shape[1]) * unit / 3)[:, None, :].astype(np.float32)


def _planted(random: np.random.Generator, n: int = 240, n_topics: int = 8) -> Articles:
    topic, popularity = random.integers(0, n_topics, n), random.pareto(4, n) + 0.2
    own = [[f"w{k}x{i}" for i in range(25)] for k in range(n_topics)]
    texts = [" ".join(random.choice(own[k], 40)) + f" title{(i * 7) % n}" for i, k in enumerate(topic)]
    near = np.where(topic[:, None] == topic[None, :], 1.0, 0.03) * popularity[None, :]
    near[np.arange(n), np.arange(n)] = 0
    links = [(i, j) for i in range(n) for j in random.choice(n, 12, replace=False, p=near[i] / near[i].sum())]
    return Articles([f"title{i}" for i in range(n)], texts, np.array(links))
