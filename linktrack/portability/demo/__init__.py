"""The demonstration: two simulated years of four accounts, made and removed.

What happens is pure and seeded (`story`, `crowd`, `reading`, `texts`); the other modules write it.
"""
