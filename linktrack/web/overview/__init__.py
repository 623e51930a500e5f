"""The overview section: what all accounts do, and what there is to do."""
