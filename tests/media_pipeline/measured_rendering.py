"""Renders a picture as the confined process does, and notes how much memory that took at most."""

from pathlib import Path

from media_pipeline import picture_rendering


def main(original: str, folder: str, told: str) -> None:
    """As `picture_rendering.main`; VmHWM in kB goes to the file `peak`."""
    picture_rendering.main(original, folder, told)
    status = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    Path(folder, "peak").write_text(status.split()[0])
