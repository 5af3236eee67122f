"""What the end of a confined program says about the file that it worked on."""

import errno
import os
import signal

from media_pipeline.confined import Finished
from media_pipeline.unusable import TIMED_OUT, TOO_LARGE, TRUNCATED, Unusable

# What programs say when they are given no more memory; the last is zimg's ZIMG_ERROR_OUT_OF_MEMORY.
NO_MEMORY = (os.strerror(errno.ENOMEM), "MemoryError", "get_buffer() failed", "malloc", "] code 1: ")
# The shell's code, and the dynamic linker's, for a program that did not start.
NOT_STARTED = 127
# We ask for nothing that an encoder refuses, so what it lacks is ours to give; so are threads, and an ffmpeg that was
# another one when it was asked what it has.
OUR_FAULT = ("Traceback", "opening encoder", os.strerror(errno.EAGAIN), "No such filter")
# It was us, or the machine, who ended it: not the file.
ENDED = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)


def require_success(finished: Finished, what: str) -> None:
    """Raises what a program's end means for `what` (video, picture), the file that it worked on.

    Unusable is final. OSError and RuntimeError are not the file's fault, and may go better the next time.
    """
    if finished.code == 0:
        return
    if finished.timed_out:
        raise Unusable(TIMED_OUT, f"The {what} takes too long to process.")
    if os.strerror(errno.ENOSPC) in finished.said:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if any(words in finished.said for words in NO_MEMORY) or finished.code == -signal.SIGXFSZ:
        raise Unusable(TOO_LARGE, f"The {what} takes too much memory or space to process.")
    if finished.code in (*ENDED, NOT_STARTED) or any(words in finished.said for words in OUR_FAULT):
        raise RuntimeError(f"ended by {finished.code}: {finished.said[-300:]}")
    raise Unusable(TRUNCATED, f"The {what} is damaged or incomplete.")
