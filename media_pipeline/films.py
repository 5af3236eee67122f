"""What is taken for a film, and what is known of one. Not in `probe`: PyAV takes 15 MB of whoever imports it."""

from dataclasses import dataclass

TOO_LONG = "too_long"

# Half an hour: what a worker makes in the time that a job may take.
MAX_SECONDS = 1800
# 4096 x 2304; 4K of cameras and phones is 3840 x 2160.
MAX_PIXELS = 9_437_184
# By content type, which the first bytes told; nothing else is taken, whatever its name says.
DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
}


@dataclass(frozen=True)
class Facts:
    """A film. Width and height are those shown: upright, square pixels.

    `rotation` is in degrees; `longest_group` the most seconds from one key frame to the next; `bit_rate` is of the
    picture alone, on average. Indexes are those of streams; without sound `sound_index` is None.
    """

    duration: float
    width: int
    height: int
    rotation: int
    square_pixels: bool
    codec: str
    profile: str
    pixel_format: str
    interlaced: bool
    frame_rate: float
    bit_rate: int
    longest_group: float
    picture_index: int
    sound_index: int | None
    sound_codec: str
    sound_profile: str
    sound_channels: int
