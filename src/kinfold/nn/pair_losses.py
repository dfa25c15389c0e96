"""What wrongly matched pairs cost: nearness of pairs and whether they match enter, a loss for each pair (B,) leaves."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def contrastive(distances: Tensor, matches: Tensor, *, margin: float = 1.0) -> Tensor:
    """Return the square of the distance of pairs that match, of others of how much nearer than `margin` they are.

    Hadsell, Chopra and LeCun (2006), "Dimensionality reduction by learning an invariant mapping".

    Parameters
    ----------
    distances
        (B,) from 0.
    matches
        (B,) 1 where a pair matches, else 0.
    """
    return matches * distances.square() + (1 - matches) * (margin - distances).clamp(min=0.0).square()


def hinge_embedding(distances: Tensor, matches: Tensor, *, margin: float = 1.0) -> Tensor:
    """Return the same without the squares; arguments as for `contrastive`."""
    return matches * distances + (1 - matches) * (margin - distances).clamp(min=0.0)


def cross_entropy(scores: Tensor, matches: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """Return the cross-entropy of log-odds (B,); `label_smoothing` moves that share of each target half-way over."""
    smooth = matches * (1 - label_smoothing) + 0.5 * label_smoothing
    return functional.binary_cross_entropy_with_logits(scores, smooth, reduction="none")


def in_batch_softmax(nearness: Tensor, same: Tensor, *, temperature: float, both_ways: bool) -> Tensor:
    """Return the cross-entropy of each left's own right among all rights of the batch.

    Henderson et al. (2017), "Efficient natural language response suggestion for smart reply"; the temperature is that
    of van den Oord et al. (2018), "Representation learning with contrastive predictive coding".

    Parameters
    ----------
    nearness
        (B, B): of each left to each right; those of a pair stand on the diagonal.
    same
        (B, B) bool: rights that are known to match a left as its own does, so that they are no negatives; what stands
        on the diagonal counts nowhere.
    temperature
        What nearness is divided by.
    both_ways
        Take the mean with the same of each right's own left among all lefts.
    """
    own = torch.eye(len(nearness), dtype=torch.bool, device=nearness.device)
    scores = (nearness / temperature).masked_fill(same & ~own, float("-inf"))
    losses = -scores.log_softmax(1).diagonal()
    return 0.5 * (losses - scores.log_softmax(0).diagonal()) if both_ways else losses


def triplet(distances: Tensor, same: Tensor, *, margin: float = 1.0) -> Tensor:
    """Return by how much each left's nearest wrong right is nearer than its own right and `margin` more; (B,).

    The hardest of a batch: Hermans, Beyer and Leibe (2017), "In defense of the triplet loss".

    Parameters
    ----------
    distances
        (B, B): of each left to each right; those of a pair stand on the diagonal.
    same
        (B, B) bool, as `in_batch_softmax` has it. A left that has no wrong right in the batch costs nothing.
    """
    own = torch.eye(len(distances), dtype=torch.bool, device=distances.device)
    wrong = distances.masked_fill(same | own, float("inf")).min(1).values
    return (distances.diagonal() - wrong + margin).clamp(min=0.0)


#: Losses of pairs that match or do not, and losses of pairs that all match, whose negatives the batch has.
LABELLED = ("contrastive", "hinge", "cross-entropy")
IN_BATCH = ("softmax", "triplet")
