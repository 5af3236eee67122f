"""The people of tests/live, whose stack the examples talk to."""

from tests.live.conftest import clients_closed, customer, seller

__all__ = ["clients_closed", "customer", "seller"]
