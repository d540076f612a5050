"""Results and arguments of operations, a module for each noun of the API."""
