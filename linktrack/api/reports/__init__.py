"""Reports of the API."""
