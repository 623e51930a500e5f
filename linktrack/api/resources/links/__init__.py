"""Links: one at a time, and many at once."""
