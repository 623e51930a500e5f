"""Clicks: written down by the lane, loaded, classified and counted."""
