"""Unwrapped: what was posted around linktrack, and wrapping it after the fact."""
