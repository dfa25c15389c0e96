"""What rows are, and the embeddings they start from."""

from __future__ import annotations

import pytest
import torch

from kinfold.errors import InvalidParameterError
from kinfold.nn.embedding import SCALE, TokenEmbedding, Vectors, embedding
from kinfold.nn.encoders.bag import BagOfEmbeddings
from kinfold.nn.inputs import Inputs


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"n_tokens": 5, "dim": 2},
        {"n_tokens": 2},
        {"dim": 0},
        {"n_tokens": 5, "vectors": torch.zeros(4, 2)},
        {"n_tokens": 5, "vectors": torch.zeros(5)},
        {"n_tokens": 5, "rows_with": torch.ones(4), "n_rows": 3},
        {"n_tokens": 5, "rows_with": torch.ones(5)},
        {"dim": 3, "vectors": torch.zeros(4, 3)},
    ],
)
def test_parts_that_do_not_go_together_are_refused(parts):
    with pytest.raises(InvalidParameterError):
        Inputs(**parts)


def test_embeddings_start_from_vectors_and_the_rest_at_their_scale():
    vectors = torch.randn(4000, 6) * 7
    vectors[::2] = float("nan")
    table = embedding(Inputs(n_tokens=4000, vectors=vectors), 99).weight.detach()
    torch.testing.assert_close(table[1::2], vectors[1::2])
    assert table.isfinite().all() and (table[0] == 0).all()
    assert float(table[2::2].std()) == pytest.approx(7, rel=0.05)


def test_vectors_of_nothing_but_holes_start_random():
    table = embedding(Inputs(n_tokens=500, vectors=torch.full((500, 8), float("nan"))), 99).weight
    assert float(table[1:].detach().std()) == pytest.approx(SCALE, rel=0.1)


def test_each_distinct_token_once():
    for n_tokens in (30, 3000):
        module = TokenEmbedding(n_tokens, 4)
        ids = torch.randint(0, 30, (3, 9))
        rows, places = module.distinct(ids)
        torch.testing.assert_close(rows[places.long()], module(ids))
    assert len(rows) == len(ids.unique()) and places.dtype == torch.int32


def test_dropout_drops_numbers_or_whole_tokens_in_training_only():
    module = Vectors(50, dropout=0.5)
    rows = torch.ones(4, 30, 50)
    assert set(module(rows).unique().tolist()) == {0.0, 2.0}
    torch.testing.assert_close(module.eval()(rows), rows)
    whole = Vectors(50, token_dropout=0.5)(rows)
    assert ((whole == 0).all(2) | (whole == 2).all(2)).all() and len(whole.unique()) == 2


def test_bags_by_hand():
    counts = torch.tensor([0, 1, 2, 9, 3, 4.0])
    inputs = Inputs(n_tokens=6, rows_with=counts, n_rows=9)
    ids, lengths = torch.tensor([[3, 4, 4], [5, 0, 0]]), torch.tensor([3, 1])
    for pooling in ("mean", "sum", "idf"):
        module = BagOfEmbeddings(dim=4, pooling=pooling).build(inputs)
        table = module.embedding.weight
        weights = ((1 + 9) / (1 + counts)).log() + 1 if pooling == "idf" else torch.ones(6)
        total = weights[3] * table[3] + 2 * weights[4] * table[4]
        by = 1 if pooling == "sum" else weights[3] + 2 * weights[4]
        torch.testing.assert_close(module(ids, lengths)[0], total / by)
    with pytest.raises(InvalidParameterError, match="in how many rows"):
        BagOfEmbeddings(pooling="idf").build(Inputs(n_tokens=6))
