"""What a tag's name is."""

import unicodedata

TAG_MAX = 50


def normal_tag(text: str) -> str:
    """NFKC, lower case, single spaces, no `#` in front. Accents are kept. May be empty, may be too long."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    return " ".join(folded.lstrip("# ").split())
