"""Each format of a body → rows as sent, by columns; what formats share is here too."""
