"""Secrets of an installation, and what is signed and encrypted with them."""
