"""Every write of the social network."""
