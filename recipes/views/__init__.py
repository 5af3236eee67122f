"""The routes of recipes."""
