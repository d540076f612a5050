"""When queues admit callers, and what these hear before."""
