"""Publishing: from a draft to a post that counts."""
