"""A tagger from the rules and models on disk."""

from __future__ import annotations

from pathlib import Path

from pipeline.edges.locations import built_in, cache_directory
from pipeline.learning.model import load_model
from pipeline.matching.compiled import compile_directory
from pipeline.matching.matcher import Matcher
from pipeline.tagger import Tagger


def load_tagger(rules: Path | None = None, models: Path | None = None) -> Tagger:
    """Raises ``InputError`` where rules or models are missing or broken."""
    compiled = compile_directory(rules or built_in("rules"), cache_directory())
    matcher = Matcher(compiled)
    compiled.forget_patterns()
    return Tagger(matcher, load_model((models or built_in("models")) / "intents"))
