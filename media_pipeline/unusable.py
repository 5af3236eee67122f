"""Why a file never becomes media. Imports nothing: the children that decode files begin with this."""

# Codes of `Media.error`, for pictures and films.
UNSUPPORTED, TRUNCATED, TOO_LARGE = "unsupported_media", "truncated", "too_large"
TIMED_OUT = "timed_out"


class Unusable(Exception):
    """This file will never become media. `code` is one of the codes above."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail
