"""Numba inner loops: arrays in, arrays out; no strings, no files, no classes."""
