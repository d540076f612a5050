"""Leadership of one switch: its events, its agents' phones, and the loops of whatever calls through it."""
