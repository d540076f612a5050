"""Reports: what happened in intervals of the past, and the vendor's call logs (docs/reports.md)."""
