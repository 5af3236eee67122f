"""Every write to people and their sessions."""
