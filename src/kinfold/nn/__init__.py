"""Networks over sequences of tokens or vectors: encoders, heads and losses, in torch."""
