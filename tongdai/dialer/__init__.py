"""The dialer: how many calls to place and when, and the control of each."""
