"""What callers hear while they wait: hold music and announcements."""
