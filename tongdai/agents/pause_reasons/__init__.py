"""The reasons for pauses that a tenant offers its agents."""
