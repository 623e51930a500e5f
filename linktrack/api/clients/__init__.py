"""Doors for clients of other shorteners."""
