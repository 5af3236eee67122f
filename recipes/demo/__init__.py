"""People and recipes for `manage.py demo_data`, with photos that are drawn."""
