"""Lists of columns that several statements share."""


def qualified(columns: str, of: str) -> str:
    """Columns, separated by commas, as those `of` a table or alias: `a.x, a.y` of `x, y`."""
    return ", ".join(f"{of}.{column.strip()}" for column in columns.split(","))
