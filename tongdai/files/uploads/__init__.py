"""Resources of uploads while they are received and read, shared by tenants: disk space and threads."""
