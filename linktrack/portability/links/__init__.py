"""Links from other shorteners: one module a format, and one line in `formats`."""
