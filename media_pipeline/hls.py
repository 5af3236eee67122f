"""HLS: which variants a film gets, how ffmpeg is asked for them, and the master playlist. Nothing here runs anything.

Each variant is one fragmented MP4, of which its playlist names byte ranges: two files, however long the film is.
"""

import errno
import re
from dataclasses import dataclass
from pathlib import Path

from media_pipeline.films import DEMUXERS, MAX_PIXELS, Facts

MASTER = "master.m3u8"
# The shorter side of each variant in pixels, and the most bits a second of its picture. Nothing is enlarged: a film
# with a smaller side has one variant of its own size.
LADDER = ((720, 2_800_000), (360, 900_000))
SEGMENT_SECONDS = 4
FRAME_RATE = 60
# Of the decoder and of each encoder: more take more memory, and the worker has other children.
THREADS = "4"
# The description of the codec lies among the first of these.
HEAD_BYTES = 65536
QUALITY = "23"
# Superfast, but it looks ahead a little and spends bits where they last. Of 1080p at 8 Mbit/s both variants take a
# fifth to a quarter less CPU than with veryfast. A film of a camera looks the same (VMAF 89) in a tenth more bits; one
# that needs more bits than there are loses two points.
PRESET, LOOK_AHEAD = "superfast", "10"
SOUND_BIT_RATE = "128k"
# zimg's spline16 takes a third of the CPU of ffmpeg's own scaler, a tenth of the whole less, for a picture as good (the
# same VMAF in 3 % fewer bits). Not each ffmpeg has it; and it refuses odd sides, to which a film may change half way:
# the first filter does nothing to even ones. Other formats than these ffmpeg scales while it converts them.
ZSCALE = "scale=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p,zscale={}:{}:filter=spline16"
ZSCALED = ("yuv420p", "yuvj420p")
# What a player of HLS takes as it is: then the packets are copied, which costs nothing and loses nothing.
PROFILES = ("Constrained Baseline", "Baseline", "Main", "High")
COPIED_BIT_RATE = 3_500_000
COPIED_SIDE = 1280
COPIED_GROUP = 6.0


@dataclass(frozen=True)
class Variant:
    """One rendition of the film: its files are `{name}.m3u8` and `{name}.mp4`."""

    name: str
    width: int
    height: int
    bit_rate: int
    is_copy: bool = False


def variants_of(facts: Facts) -> list[Variant]:
    """The largest first."""
    shorter = min(facts.width, facts.height)
    made: list[Variant] = []
    for side, bit_rate in LADDER:
        if made and shorter <= side:
            break
        side = min(side, shorter)
        width, height = (_even(facts.width * side / shorter), _even(facts.height * side / shorter))
        is_copy = not made and side == shorter and _conforms(facts)
        made.append(Variant(f"{min(width, height)}p", width, height, bit_rate, is_copy))
    return made


def _conforms(facts: Facts) -> bool:
    return (
        facts.codec == "h264"
        and facts.profile in PROFILES
        and facts.pixel_format == "yuv420p"
        and not facts.interlaced
        and not facts.rotation
        and facts.square_pixels
        and max(facts.width, facts.height) <= COPIED_SIDE
        and facts.frame_rate <= FRAME_RATE + 1
        and facts.bit_rate <= COPIED_BIT_RATE
        and facts.longest_group <= COPIED_GROUP
    )


def _even(pixels: float) -> int:
    """4:2:0 has one colour for two pixels."""
    return max(2, round(pixels / 2) * 2)


def arguments(source: Path, content_type: str, facts: Facts, variants: list[Variant], *, has_zscale: bool) -> list[str]:
    """ffmpeg's, after its name. It writes into the current folder, and how far it is to its standard output.

    Before `-i` stands what confines the reading: files and pipes alone, the demuxer of the first bytes, a bounded
    decoder. One decode feeds all variants.
    """
    encoded = [variant for variant in variants if not variant.is_copy]
    return [
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-y"),
        *("-progress", "pipe:1", "-stats_period", "0.5"),
        *("-protocol_whitelist", "file,pipe", "-max_pixels", str(MAX_PIXELS)),
        *("-threads", THREADS),
        *("-f", DEMUXERS[content_type], "-i", f"file:{source}"),
        *(_filters(facts, encoded, has_zscale=has_zscale) if encoded else ()),
        *(argument for number, variant in enumerate(variants) for argument in _mapped(number, variant, facts)),
        # Who made it where is nobody's business.
        *("-map_metadata", "-1", "-map_metadata:s:v", "-1", "-map_metadata:s:a", "-1", "-map_chapters", "-1"),
        *("-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod"),
        *("-hls_segment_type", "fmp4", "-hls_flags", "single_file+independent_segments"),
        *("-var_stream_map", _stream_map(facts, variants)),
        *("-hls_segment_filename", "%v.mp4", "%v.m3u8"),
    ]


def _filters(facts: Facts, encoded: list[Variant], *, has_zscale: bool) -> list[str]:
    """Each variant is scaled from the one before, upright (ffmpeg turns what it decodes)."""
    scale = ZSCALE if has_zscale and facts.pixel_format in ZSCALED else "scale={}:{}"
    rate = f"fps={FRAME_RATE}," if facts.frame_rate > FRAME_RATE + 1 else ""
    interlaced = "yadif," if facts.interlaced else ""
    chain, source = [], f"[0:{facts.picture_index}]{interlaced}{rate}"
    for number, variant in enumerate(encoded):
        scaled = f"{source}{scale.format(variant.width, variant.height)},setsar=1,format=yuv420p"
        is_last = number == len(encoded) - 1
        chain.append(f"{scaled}[{variant.name}]" if is_last else f"{scaled},split[{variant.name}][next{number}]")
        source = f"[next{number}]"
    return ["-filter_complex", ";".join(chain)]


def _mapped(number: int, variant: Variant, facts: Facts) -> list[str]:
    """The streams of a variant, and how they are encoded."""
    picture = f":v:{number}"
    if variant.is_copy:
        mapped = ["-map", f"0:{facts.picture_index}", f"-c{picture}", "copy"]
    else:
        mapped = [
            *("-map", f"[{variant.name}]", f"-c{picture}", "libx264", f"-threads{picture}", THREADS),
            *(f"-preset{picture}", PRESET, f"-mbtree{picture}", "1", f"-rc-lookahead{picture}", LOOK_AHEAD),
            *(f"-crf{picture}", QUALITY, f"-maxrate{picture}", str(variant.bit_rate)),
            *(f"-bufsize{picture}", str(2 * variant.bit_rate), f"-profile{picture}", "high"),
            # Segments of all variants begin together: by the clock, or where those of the copy do.
            *(f"-force_key_frames{picture}", _key_frames(facts), f"-sc_threshold{picture}", "0"),
        ]
    if facts.sound_index is not None:
        sound = f":a:{number}"
        is_copy = facts.sound_codec == "aac" and facts.sound_profile == "LC" and facts.sound_channels <= 2
        encoder = ("copy",) if is_copy else ("aac", f"-b{sound}", SOUND_BIT_RATE, f"-ac{sound}", "2")
        mapped += ["-map", f"0:{facts.sound_index}", f"-c{sound}", *encoder]
    return mapped


def _key_frames(facts: Facts) -> str:
    return "source" if variants_of(facts)[0].is_copy else f"expr:gte(t,n_forced*{SEGMENT_SECONDS})"


def _stream_map(facts: Facts, variants: list[Variant]) -> str:
    sound = "" if facts.sound_index is None else ",a:{0}"
    return " ".join(f"v:{n}{sound.format(n)},name:{variant.name}" for n, variant in enumerate(variants))


def master_playlist(folder: Path, facts: Facts, variants: list[Variant]) -> str:
    """Names the variants that ffmpeg has written to FOLDER.

    Raises ValueError when one of them has no end, and OSError when it is shorter than its playlist says: ffmpeg tells
    nobody of a full disk.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for variant in variants:
        playlist = (folder / f"{variant.name}.m3u8").read_text()
        peak, average = _bit_rates(playlist)
        end = max(int(start) + int(size) for size, start in re.findall(r"BYTERANGE:(\d+)@(\d+)", playlist))
        if (folder / f"{variant.name}.mp4").stat().st_size < end:
            raise OSError(errno.EIO, "ffmpeg could not write all")
        with (folder / f"{variant.name}.mp4").open("rb") as file:
            codecs = _codec(file.read(HEAD_BYTES))
        if facts.sound_index is not None:
            codecs += ",mp4a.40.2"
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},"
            f'RESOLUTION={variant.width}x{variant.height},CODECS="{codecs}"',
            f"{variant.name}.m3u8",
        ]
    return "\n".join(lines) + "\n"


def _bit_rates(playlist: str) -> tuple[int, int]:
    """(peak, average) of a variant, measured. What is short (the end of a film) makes no peak."""
    found = re.findall(r"#EXTINF:([\d.]+),[^\n]*\n#EXT-X-BYTERANGE:(\d+)", playlist)
    segments = [(float(seconds), int(size) * 8) for seconds, size in found]
    total = sum(seconds for seconds, _ in segments)
    if not total or "#EXT-X-ENDLIST" not in playlist:
        raise ValueError("a playlist is not whole")
    average = sum(bits for _, bits in segments) / total
    long = [bits / seconds for seconds, bits in segments if seconds >= SEGMENT_SECONDS / 2]
    return round(max([average, *long])), round(average)


def _codec(head: bytes) -> str:
    """RFC 6381's name of the H.264 in an MP4, by the box that describes it."""
    at = head.find(b"avcC")
    if at < 0 or len(head) < at + 8:
        raise ValueError("a variant holds no H.264")
    return f"avc1.{head[at + 5 : at + 8].hex()}"
