"""The one way to send requests to servers of others: resolved once, checked, pinned, limited."""
