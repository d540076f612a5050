"""The phone in an agent's browser: its connection to the switch."""
