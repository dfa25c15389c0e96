"""The parameters of `PairMatcher`, checked, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from kinfold.checks import FLAG, LABEL, POSITIVE, Rules, check, one_of, optional, whole
from kinfold.errors import InvalidParameterError
from kinfold.estimators.neural.options import Options
from kinfold.nn.pair_losses import IN_BATCH
from kinfold.nn.similarity import DISTANCES, LAYERED, PLAIN

#: The similarity that reads the tokens of both sides, not a vector of each.
ATTENTION = "attention"


@dataclass(frozen=True)
class PairOptions(Options):
    """The parameters of the matcher, which describes them; what it shares with other nets is in `Options`."""

    towers: str = "shared"
    similarity: str = "cosine"
    directed: bool = False
    match: str | None = None
    roles: int | None = None
    attention_units: int = 128
    margin: float = 1.0
    temperature: float = 0.05
    transitive: bool = False

    @property
    def in_batch(self) -> bool:
        """Whether the other pairs of a batch are what a pair is told from."""
        return self.loss in IN_BATCH

    @property
    def layered(self) -> bool:
        """Whether layers say how near two sides are, so that no index can find the nearest."""
        return self.similarity not in PLAIN

    def check(self) -> None:
        """Raise InvalidParameterError if a parameter has a value that can't be used."""
        super().check()
        check(self, _RULES)
        if self.loss in ("contrastive", "hinge", "triplet") and self.similarity not in DISTANCES:
            raise InvalidParameterError(
                f"`loss={self.loss!r}` needs a distance.",
                seen=f"similarity={self.similarity!r}",
                fix=f"One of {', '.join(DISTANCES)}, or loss='auto'.",
            )
        if self.in_batch and self.layered:
            raise InvalidParameterError(
                f"`loss={self.loss!r}` compares every left of a batch with every right, for which layers are too slow.",
                seen=f"similarity={self.similarity!r}",
                fix=f"One of {', '.join(PLAIN)}, or loss='auto'.",
            )
        if self.transitive and (self.directed or not self.in_batch):
            raise InvalidParameterError(
                "`transitive` says which of a batch are no negatives of an undirected pair.",
                seen=f"loss={self.loss!r}, directed={self.directed!r}",
                fix="loss='softmax' or 'triplet', and directed=False; or leave `transitive` out.",
            )
        if self.similarity == ATTENTION and self.roles is not None:
            raise InvalidParameterError(
                "Attention compares tokens, which have no roles.",
                seen=f"roles={self.roles!r}",
                fix="Leave `roles` out: directed=True alone keeps the sides apart.",
            )
        if not self.directed and (self.towers == "separate" or self.roles is not None):
            raise InvalidParameterError(
                "A pair and the same turned round would differ.",
                seen=f"directed=False, towers={self.towers!r}, roles={self.roles!r}",
                fix="directed=True; or shared towers without roles.",
            )


_RULES: Rules = {
    "towers": one_of("shared", "separate"),
    "similarity": one_of(*PLAIN, *LAYERED, ATTENTION),
    "directed": FLAG,
    "match": optional(LABEL),
    "roles": optional(whole()),
    "attention_units": whole(),
    "margin": POSITIVE,
    "temperature": POSITIVE,
    "transitive": FLAG,
}
