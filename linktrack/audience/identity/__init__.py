"""Who somebody is on a network: what an installation keeps to ask, and the readers that ask."""
