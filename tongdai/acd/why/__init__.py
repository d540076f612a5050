"""Why callers of a queue still wait, and why its agents are offered nobody."""
