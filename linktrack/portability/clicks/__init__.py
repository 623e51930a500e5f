"""Clicks from elsewhere: one module a format, and one line in `formats`."""
