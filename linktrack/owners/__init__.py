"""Owners: who may sign in, and which programs may speak for them."""
