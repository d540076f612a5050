"""Commands by which the operator gives called numbers, phones and trunks to tenants."""
