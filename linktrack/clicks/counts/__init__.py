"""Counts: the first clicks and sums kept beside the clicks, so that reports read few rows."""
