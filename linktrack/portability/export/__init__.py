"""Export: everything leaves as NDJSON, CSV or one file, and comes back."""
