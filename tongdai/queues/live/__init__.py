"""Live figures of inbound queues: callers who wait, agents by state, and the service level."""
