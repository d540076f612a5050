"""The commands, a module each; `tongdai.cli` has what they share."""
