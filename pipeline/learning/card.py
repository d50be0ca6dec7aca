"""The model card: what the model is, what it was trained on, and its figures, written with the model."""

from __future__ import annotations

from pipeline.learning.train import CONTEXT_WEIGHT, FOLDS, INVERSE_REGULARISATION, Trained


def card(trained: Trained) -> str:
    """Markdown. Holds no date and no path, so that the same training writes the same bytes."""
    info = trained.info
    lines = sum(info.trained_on.values())
    files = "\n".join(f"| `{name}` | {count:,} |" for name, count in info.trained_on.items())
    figures = "\n".join(
        f"| `{tag}` | {n:,} | {precision:.2f} | {recall:.2f} | {f1:.2f} | {info.thresholds[tag]:.2f} |"
        for tag, (precision, recall, f1, n) in trained.figures.items()
    )
    return f"""# Model card: intents

Multi-label linear model that says which of {len(info.tags)} tags a customer's utterance carries. It is one half of the
tagger: rules and scope are the other (`docs/decisions/0003-rules-and-model.md`); the figures below are the model's alone.

- **Reads** character 1–3-grams of the normalised text, and, at weight {CONTEXT_WEIGHT}, 1–2-grams of the agent's turn
  just before; sublinear TF-IDF of unit length each.
- **Learner** scikit-learn's `LogisticRegression(C={INVERSE_REGULARISATION:g}, solver="liblinear")`, one a tag; its
  log-odds rescaled so that, on held-back folds, a score is a probability (Platt 1999).
- **Training text** {lines:,} lines, all written for this project (Apache-2.0, as the project); no customer's text.
- **Command** `convtag train`: the same text and library versions give the same bytes (text hash `{info.training_hash}`).
- **Files** `model.npz` plain arrays (no pickle), `model.json` their meaning.

| training file | lines |
|---|---|
{files}

## Figures on held-back folds ({FOLDS}-fold over the training text, model alone)
The threshold of each tag is chosen on these folds. Training text is not real traffic: `docs/quality.md` has the figures on
real labelled utterances, rules included.

| tag | examples | precision | recall | F1 | threshold |
|---|---|---|---|---|---|
{figures}

## Known weaknesses
Irony without a marker, dialects beyond common words, utterances of one to three characters without an agent's question
before them, and topics far from sales, service and community talk.
"""
