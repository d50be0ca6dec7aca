"""Text layer: normalise with a map back, fold numbers, split clauses, segment, and read by sound. Pure; no I/O beyond package data."""
