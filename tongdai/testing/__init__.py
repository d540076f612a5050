"""What tests of Tongdai, and of programs built on it, need: a clock to set, tenants and keys, the API in process."""
