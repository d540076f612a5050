"""Reports, and call logs."""
