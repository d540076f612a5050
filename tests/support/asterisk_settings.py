"""The settings without which the server refuses an Asterisk."""

ASTERISK = {"asterisk": "ws://127.0.0.1:8088", "asterisk_password": "secret", "trunk": "carrier"}
