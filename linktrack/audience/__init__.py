"""The audience: accounts, their dated follower counts, and their segments."""
