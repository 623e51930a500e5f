"""Audiences on no network: a newsletter, a group."""
