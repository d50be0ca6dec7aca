"""Rules in YAML, compiled once, matched against an utterance into hits, each with the verdict of its scope."""
