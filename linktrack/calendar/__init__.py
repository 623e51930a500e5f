"""Days, periods and ranges in the owner's time zone, and the times that people write."""
