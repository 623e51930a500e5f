"""Timing: when readers click, and how long posts live."""
