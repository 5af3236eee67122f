"""Password hashing with a bound on memory: one Argon2 hash takes 100 MB, so a process makes two at a time."""

from threading import BoundedSemaphore
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher

HASHES_AT_ONCE = 2
_places = BoundedSemaphore(HASHES_AT_ONCE)


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """Django's Argon2 hasher, with the same hashes. A third hash of this process waits for one of the first two."""

    def encode(self, *args: Any, **kwargs: Any) -> str:
        with _places:
            return super().encode(*args, **kwargs)

    def verify(self, *args: Any, **kwargs: Any) -> bool:
        with _places:
            return super().verify(*args, **kwargs)
