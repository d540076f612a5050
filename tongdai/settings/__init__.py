"""The settings of the server: what there is to set, and where it is read from."""
