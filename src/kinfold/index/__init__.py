"""Vectors and documents -> what is nearest to a query: exact search, BM25 beside it, and both put together."""
