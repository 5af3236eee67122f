"""The two demo people whom the live page offers to sign in as; `manage.py demo_data` makes them."""

DEMO_PEOPLE = {"customer": "demo_customer", "seller": "demo_seller"}
# Public on purpose: with DEBUG alone does anything tell it, and only demo data has such accounts.
DEMO_PASSWORD = "simmer-demo"  # noqa: S105
