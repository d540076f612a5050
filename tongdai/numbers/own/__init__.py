"""A tenant's own numbers, for the tenant to read."""
