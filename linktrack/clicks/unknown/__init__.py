"""Codes that people asked for and no link has: counted, and made links."""
