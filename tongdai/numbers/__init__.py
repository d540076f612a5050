"""Called numbers, phones and trunks: which tenant each belongs to, on the whole installation."""
