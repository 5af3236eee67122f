"""Plain text of texts that sites write with HTML in them, encoded once or more often."""

import html
import re

# `&amp;amp;lt;p&amp;amp;gt;` has been seen.
_ROUNDS = 4
_BLOCKS = "p|div|li|ul|ol|dl|dt|dd|tr|td|table|h[1-6]|section|article|blockquote|hr|br"
_INLINE = (
    "a|abbr|b|bdi|bdo|big|center|cite|code|del|em|figure|figcaption|font|i|img|ins|kbd|label|mark|meta|nobr|q|s|small|"
    "source|span|strike|strong|sub|sup|svg|tbody|tfoot|th|thead|time|tt|u|var|wbr|link|input|button|form|picture|video|"
    "audio|iframe|noscript|script|style|html|head|body|main|header|footer|nav|aside|pre"
)
# An item or paragraph begins a line, whether the one before it was closed or not.
_BREAK = re.compile(rf"</?(?:{_BLOCKS})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_TAG = re.compile(rf"</?(?:{_INLINE})(?=[\s/>])[^<>]*>|<!--[^<>]*-->", re.IGNORECASE)
_ITEM = re.compile(r"<(?:li|br)(?=[\s/>])", re.IGNORECASE)


def plain_text(text: str) -> str:
    """`text` without tags and entities, one line for each of its blocks and lines."""
    text = text.replace("\x00", "")
    for _ in range(_ROUNDS):
        stripped = _TAG.sub("", _BREAK.sub("\n", text))
        text = html.unescape(stripped).replace("\x00", "")
        if text == stripped:
            break
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))


def has_items(text: str) -> bool:
    """Whether the lines of `text` are marked as such, by <li> or <br>."""
    return _ITEM.search(html.unescape(text)) is not None
