"""SQL fragments of reports."""


def quarter_of(at: str) -> str:
    """When the quarter of an hour of an instant begins, an SQL expression."""
    return f"date_bin('15 minutes', {at}, '2000-01-01T00:00:00Z'::timestamptz)"
