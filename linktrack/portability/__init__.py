"""Portability: everything can be taken out, and brought in from elsewhere."""
