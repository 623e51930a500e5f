"""Filters in the addresses of pages: read, applied, and shown as chips."""
