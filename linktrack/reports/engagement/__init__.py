"""Reports on engagement: what followers do with posts besides clicking, and who does it often."""
