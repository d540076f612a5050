"""Checks of this repository that no tool off the shelf makes; `make check` runs them."""
