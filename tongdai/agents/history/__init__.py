"""When agents were in which state."""
