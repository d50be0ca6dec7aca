"""Normalise with a map back, fold numbers, split clauses, segment, read by sound. No I/O beyond package data."""
