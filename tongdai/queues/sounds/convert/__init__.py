"""Conversion of sound files to the one format of telephony: WAV, 8 kHz, mono, 16 bits. A process of its own."""
