"""Hold music and announcements: all that callers hear while they wait."""
