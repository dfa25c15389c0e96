"""Encoders, one a file: what turns a row of tokens or vectors into one vector."""
