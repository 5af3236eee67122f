"""The routes of media and of uploads."""
