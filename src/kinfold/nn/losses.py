"""What a wrong score costs: scores (B, n) and targets enter, a loss for each row (B,) leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional


def cross_entropy(
    scores: Tensor, targets: Tensor, *, label_smoothing: float = 0.0, class_weight: Tensor | None = None
) -> Tensor:
    """Return the cross-entropy of one class among several.

    Parameters
    ----------
    scores
        (B, C) log-odds.
    targets
        (B,) int64 classes.
    label_smoothing
        Share of the target that is spread over all classes; Szegedy et al. (2016).
    class_weight
        (C,): what a row of each class counts for.

    Returns
    -------
    losses
        (B,) in nats.
    """
    log_shares = scores.log_softmax(1)
    right = log_shares.gather(1, targets.unsqueeze(1)).squeeze(1)  # (B,)
    losses = -(1 - label_smoothing) * right - label_smoothing * log_shares.mean(1)
    return losses if class_weight is None else losses * class_weight[targets]


def binary_cross_entropy(
    scores: Tensor, targets: Tensor, *, label_smoothing: float = 0.0, class_weight: Tensor | None = None
) -> Tensor:
    """Return the cross-entropy of labels that each stand or do not, summed over the labels.

    Parameters
    ----------
    scores
        (B, C) log-odds.
    targets
        (B, C): 1 where a label stands, else 0.
    label_smoothing
        Share of a target that is moved half-way to the other.
    class_weight
        (C,): what a label counts for where it stands.
    """
    smooth = targets.to(scores.dtype) * (1 - label_smoothing) + 0.5 * label_smoothing
    return functional.binary_cross_entropy_with_logits(scores, smooth, pos_weight=class_weight, reduction="none").sum(1)


def hinge(
    scores: Tensor, targets: Tensor, *, label_smoothing: float = 0.0, class_weight: Tensor | None = None
) -> Tensor:
    """Return by how much the best wrong class comes within 1 of the right one; Crammer and Singer (2001).

    `scores` (B, C), `targets` (B,) int64; `label_smoothing` must be 0: there are no shares to smooth.
    """
    if label_smoothing:
        raise ValueError("a hinge loss has no label smoothing")
    right = scores.gather(1, targets.unsqueeze(1)).squeeze(1)  # (B,)
    if scores.shape[1] == 1:
        losses = right.new_zeros(len(right))
    else:
        wrong = scores.scatter(1, targets.unsqueeze(1), float("-inf")).amax(1)
        losses = (1 + wrong - right).clamp(min=0)
    return losses if class_weight is None else losses * class_weight[targets]


def squared_error(scores: Tensor, targets: Tensor) -> Tensor:
    """Return half the square of what is missed, summed over the outputs; both (B, n)."""
    return 0.5 * (scores - targets).square().flatten(1).sum(1)


def absolute_error(scores: Tensor, targets: Tensor) -> Tensor:
    """Return what is missed, summed over the outputs; both (B, n)."""
    return (scores - targets).abs().flatten(1).sum(1)


def huber(scores: Tensor, targets: Tensor, *, delta: float = 1.0) -> Tensor:
    """Return Huber's loss, summed over the outputs: squared up to `delta`, a straight line beyond; both (B, n)."""
    missed = (scores - targets).abs()
    inside = missed.clamp(max=delta)
    return (inside * (missed - 0.5 * inside)).flatten(1).sum(1)


@dataclass(frozen=True)
class Loss:
    """A loss and what it is for.

    Parameters
    ----------
    function
        Scores and targets to (B,).
    tasks
        Any of ``"one"`` (one class a row), ``"many"`` (a set of labels a row) and ``"number"``.
    options
        The keyword arguments that `function` takes.
    """

    function: Callable[..., Tensor]
    tasks: tuple[str, ...]
    options: tuple[str, ...] = ()


#: Every loss by name.
LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(cross_entropy, ("one",), ("label_smoothing", "class_weight")),
    "binary_cross_entropy": Loss(binary_cross_entropy, ("many",), ("label_smoothing", "class_weight")),
    "hinge": Loss(hinge, ("one",), ("class_weight",)),
    "squared_error": Loss(squared_error, ("number",)),
    "absolute_error": Loss(absolute_error, ("number",)),
    "huber": Loss(huber, ("number",), ("delta",)),
}
