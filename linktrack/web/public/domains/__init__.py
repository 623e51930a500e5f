"""What strangers see on which domain."""
