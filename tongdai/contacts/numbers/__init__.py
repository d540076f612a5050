"""Telephone numbers: their form, time zones, and the ids of the customers who have them."""
