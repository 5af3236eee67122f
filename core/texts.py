"""What people write is one line (a name, a title, a tag) or prose (a description, a comment).

`ONE_LINE` and `SHOWS_SOMETHING` are validators for the columns of models and for `core.fields.OneLine`; `nfc` gives the
form in which text is stored, so that equal texts are equal strings.
"""

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

# Controls (with tab, line feed and next line), the line and paragraph separators, and the embeddings, overrides and
# isolates of Unicode's bidirectional algorithm (UAX 9), which make a text read otherwise than it is.
_NOT_IN_A_LINE = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069"
# Letters and symbols by their category that show nothing: Hangul fillers and the empty Braille pattern.
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"

ONE_LINE = RegexValidator(
    rf"\A[^{_NOT_IN_A_LINE}]*\Z",
    "Write one line: line breaks, control characters and direction overrides are not allowed.",
    code="not_one_line",
)


def is_one_line(text: str) -> bool:
    """Whether `text` has none of what `ONE_LINE` refuses."""
    return ONE_LINE.regex.search(text) is not None  # type: ignore[union-attr]  # it is compiled by now


def shows_something(value: Any) -> None:
    """Raise ValidationError (`nothing_visible`) for a text of spaces, marks and invisible characters alone."""
    text = str(value)
    if text and not any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK_LETTERS for c in text):
        raise ValidationError("Write at least one visible character.", code="nothing_visible")


def nfc(text: str) -> str:
    """`text` in Unicode's composed normal form."""
    return unicodedata.normalize("NFC", text)


def as_one_line(text: str) -> str:
    """`text` from elsewhere as one line: each run of spaces and of what no line may hold becomes one space, in NFC."""
    return " ".join(nfc(re.sub(f"[{_NOT_IN_A_LINE}]+", " ", text)).split())


def clean_lines(model: Any, fields: list[str], *, otherwise: str = "") -> int:
    """Bring the `fields` of all rows of `model` into the form that `OneLine` fields take; how many rows changed.

    For migrations. A value that shows nothing becomes `otherwise`, in which `{pk}` stands for the row's key.
    """
    changed: list[Any] = []
    total = 0
    for row in model._default_manager.only(*fields).iterator(1_000):
        before = [getattr(row, field) for field in fields]
        after = [_cleaned(value) or (otherwise.format(pk=row.pk) if value else value) for value in before]
        if before != after:
            for field, value in zip(fields, after, strict=True):
                setattr(row, field, value)
            changed.append(row)
        if len(changed) >= 1_000:
            total += model._default_manager.bulk_update(changed, fields)
            changed = []
    return total + (model._default_manager.bulk_update(changed, fields) if changed else 0)


def _cleaned(value: str) -> str:
    line = as_one_line(value)
    try:
        shows_something(line)
    except ValidationError:
        return ""
    return line
