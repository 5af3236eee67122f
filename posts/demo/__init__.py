"""A conversation among the demo people: `manage.py demo_data`."""
