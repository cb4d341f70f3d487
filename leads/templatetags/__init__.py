"""Template tags: display only."""
