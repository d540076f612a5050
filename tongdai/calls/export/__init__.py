"""The CSV file of calls, with what a reader of a spreadsheet cannot look up by ids."""
