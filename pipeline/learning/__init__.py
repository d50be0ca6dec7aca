"""Train, save, load and apply the multi-label linear model on character n-grams."""
