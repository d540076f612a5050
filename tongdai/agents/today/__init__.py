"""The figures of an agent's own day."""
