"""Files of contacts to import."""

from pathlib import Path

from tongdai.testing.factories import vn_mobile


def as_csv(rows: list[dict[str, str]], separator: str = ",") -> bytes:
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    return "".join(separator.join(line) + "\n" for line in lines).encode()


def big(path: Path, rows: int) -> Path:
    """Write a file of valid rows."""
    path.write_bytes(as_csv([{"phoneNumber": vn_mobile(n), "name": f"KH {n} {'x' * 40}"} for n in range(rows)]))
    return path
