"""Recurrent nets on film reviews: documents learned from a second, and what the nets are worth.

Speed: a training step (forward, backward, Adam) on the same batches of 64 IMDB reviews, the last 400 words of each,
put together by length and padded, on two threads, for all with torch's fused Adam and memory that stays with the
process, as kinfold's trainer has both: kinfold's MinGRU, GRU and LSTM beside `torch.nn.GRU` and
`torch.nn.LSTM` written out plainly, each with the same embedding and the mean of its states. Batches in turns.

Quality: `TextClassifier` with a MinGRU and with a GRU (which is torch's own), all else equal, as many passes, on the
25,000 test reviews; so that the difference is the recurrence alone.
"""

from __future__ import annotations

import gzip
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional

import kinfold as kf
from common import data_for, parser, write
from kinfold.nn.encoders.base import Encoder
from kinfold.nn.heads import Head
from kinfold.nn.inputs import Inputs
from kinfold.nn.model import TextNet
from kinfold.text.tokens import TokenVectorizer
from kinfold.training.batching import order
from kinfold.training.memory import keep_memory

THREADS, BATCH, LONGEST, WORDS = 2, 64, 400, 30_000
Net = Callable[[Tensor, Tensor], Tensor]


def reviews(data: Path | None, part: str) -> tuple[list[str], np.ndarray]:
    """Return texts and whether each is positive; without data the packaged ones."""
    if data is None:
        rows = kf.sample("reviews")
        return rows.texts, np.array([label == "positive" for label in rows.labels])
    with gzip.open(data / "imdb_reviews" / f"{part}.tsv.gz", "rt", encoding="utf-8", newline="\n") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    return [row[3] for row in rows], np.array([row[1] == "1" for row in rows])


class Plain(nn.Module):
    """An embedding, a layer of torch over the padded batch, the mean of the real states, two scores."""

    def __init__(self, layer: type[nn.Module], n_tokens: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, width, padding_idx=0)
        self.layer = layer(width, width, batch_first=True)
        self.scores = nn.Linear(width, 2)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the scores (B, 2) of ids (B, T)."""
        states, _ = self.layer(self.embedding(ids))  # (B, T, H)
        real = (ids > 0).unsqueeze(2)
        return self.scores((states * real).sum(1) / lengths.unsqueeze(1))


def built(encoder: Encoder, n_tokens: int) -> TextNet:
    """Return a net of ours."""
    made = encoder.build(Inputs(n_tokens=n_tokens))
    return TextNet(made, Head(made.output_dim, 2))


def systems(width: int, n_tokens: int) -> dict[str, nn.Module]:
    """Return the nets, all of one width."""
    torch.manual_seed(0)
    shape = {"units": width, "dim": width, "pooling": "mean"}
    return {
        "kinfold MinGRU": built(kf.MinGRU(**shape), n_tokens),
        "kinfold GRU": built(kf.GRU(**shape), n_tokens),
        "kinfold LSTM": built(kf.LSTM(**shape), n_tokens),
        "torch.nn.GRU": Plain(nn.GRU, n_tokens, width),
        "torch.nn.LSTM": Plain(nn.LSTM, n_tokens, width),
    }


@keep_memory()
def speed(data: Path | None, widths: Iterable[int], n_batches: int, device: str) -> dict[str, Any]:
    """Time training steps of every net on the same batches, in turns; return documents a second."""
    texts, positive = reviews(data, "train")
    rows = [ids[-LONGEST:] for ids in TokenVectorizer(max_size=WORDS).fit_transform(texts)]
    lengths = np.array([max(1, len(row)) for row in rows])
    batches = order(lengths, BATCH, seed=0, epoch=0)[:n_batches]
    found: dict[str, Any] = {}
    for width in widths:
        nets = {name: net.to(device).train() for name, net in systems(width, WORDS + 3).items()}
        rules = {name: torch.optim.Adam(net.parameters(), lr=1e-3, fused=True) for name, net in nets.items()}
        seconds: dict[str, list[float]] = {name: [] for name in nets}
        for turn, batch in enumerate(batches):
            ids = np.zeros((len(batch), lengths[batch].max()), np.int64)
            for i, row in enumerate(batch):
                ids[i, : len(rows[row])] = rows[row]
            given = [torch.from_numpy(part).to(device) for part in (ids, lengths[batch], positive[batch].astype(int))]
            for name in nets:
                start = time.perf_counter()
                rules[name].zero_grad()
                functional.cross_entropy(nets[name](given[0], given[1]), given[2]).backward()
                rules[name].step()
                if device == "cuda":
                    torch.cuda.synchronize()
                if turn >= 2:  # the first ones compile and make room
                    seconds[name].append(time.perf_counter() - start)
            print(f"\rwidth {width}, batch {turn + 1} of {len(batches)}", end="", file=sys.stderr)
        docs = {name: round(BATCH / median(of_name), 1) for name, of_name in seconds.items()}
        ratio = {
            peer: round(median(a / b for a, b in zip(seconds[peer], seconds["kinfold MinGRU"], strict=True)), 2)
            for peer in nets
        }
        found[f"width {width}"] = {"documents_a_second": docs, "MinGRU_is_times_as_fast": ratio}
    print(file=sys.stderr)
    return found


def quality(data: Path | None, seeds: int, epochs: int, width: int, device: str) -> dict[str, Any]:
    """Train both recurrences alike; return their areas under the ROC curve on the test reviews."""
    (texts, positive), (unseen, truth) = reviews(data, "train"), reviews(data, "test")
    labels = [str(int(one)) for one in positive]
    shape = {"units": width, "dim": width, "pooling": "mean", "dropout": 0.3}
    found: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for seed in range(seeds):
        for name, encoder in {"MinGRU": kf.MinGRU(**shape), "GRU": kf.GRU(**shape)}.items():
            model = kf.TextClassifier(
                encoder=encoder, max_length=LONGEST, max_tokens=WORDS, max_epochs=epochs, n_threads=THREADS,
                patience=None, clip_norm=1.0, device=device, random_state=seed,
            )  # fmt: skip
            start = time.perf_counter()
            model.fit(texts, labels)
            seconds.setdefault(name, []).append(round(time.perf_counter() - start, 1))
            found.setdefault(name, []).append(round(roc_auc_score(truth, model.predict_proba(unseen)[:, 1]), 4))
            print(f"seed {seed}, {name}: {found[name][-1]} in {seconds[name][-1]} s", file=sys.stderr)
    lower = round(mean(found["GRU"]) - mean(found["MinGRU"]), 4)
    return {"auc": found, "seconds": seconds, "passes": epochs, "width": width, "MinGRU_is_lower_by": lower}


def main() -> None:
    """Run the parts asked for."""
    options = parser(__doc__.split("\n")[0])
    options.add_argument("--part", choices=("speed", "quality", "all"), default="all")
    options.add_argument("--widths", default="128,256,512", help="units, with commas between")
    options.add_argument("--batches", type=int, default=22, help="batches a width, the first two not counted")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--epochs", type=int, default=4, help="passes where quality is measured")
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    args = options.parse_args()
    torch.set_num_threads(THREADS)
    data = data_for(args)
    quick = data is None
    ours, peers, ratio = {}, {}, {}
    if args.part in ("speed", "all"):
        widths = [16] if quick else [int(width) for width in args.widths.split(",")]
        for width, found in speed(data, widths, 4 if quick else args.batches, args.device).items():
            for name, value in found["documents_a_second"].items():
                (peers if name.startswith("torch") else ours).setdefault(name, {})[f"documents a second, {width}"] = (
                    value
                )
            ratio |= {f"MinGRU over {name}, {width}": value for name, value in found["MinGRU_is_times_as_fast"].items()}
    if args.part in ("quality", "all"):
        counts = (1, 1, 16) if quick else (args.seeds, args.epochs, 128)
        found = quality(data, *counts, args.device)
        for name, into in (
            ("MinGRU", ours.setdefault("kinfold MinGRU", {})),
            ("GRU", peers.setdefault("torch.nn.GRU", {})),
        ):
            into |= {"auc": found["auc"][name], "seconds": found["seconds"][name], "passes": found["passes"]}
        ratio["auc, MinGRU lower by"] = found["MinGRU_is_lower_by"]
    write({"benchmark": "recurrent", "ours": ours, "peers": peers, "ratio": ratio}, args.json)


if __name__ == "__main__":
    main()
