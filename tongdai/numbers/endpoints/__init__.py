"""Phones and trunks of a switch, and the tenants that they are given to."""
