"""Tools for tests of Tongdai and of programs built on it: a clock to set, tenants and keys, the API in process."""
