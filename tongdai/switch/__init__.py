"""Asterisk by its REST interface (ARI): one websocket for events and requests. Knows nothing of campaigns."""
