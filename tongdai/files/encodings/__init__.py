"""Character sets of text files: how they are detected, and fonts from before Unicode."""
