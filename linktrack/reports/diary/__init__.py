"""Diary: notes for days, and experiments."""
