"""Clicks: captured by the lane, loaded, classified and counted."""
