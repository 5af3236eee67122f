"""Input fields of exact types: DRF's own take "4" and 4.0 for a number, and 5 for a text."""

from typing import Any

from rest_framework import serializers

from core.long_values import LongValue
from core.texts import ONE_LINE, nfc, shows_something


class Text(serializers.CharField):
    """A string and nothing else. Serializers use one of its three kinds: `OneLine`, `Prose` or `Opaque`."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, LongValue) and self.max_length is not None:
            self.fail("max_length", max_length=self.max_length)
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class OneLine(Text):
    """A name, a title, a tag: one visible line, in NFC. 400 on the field for line breaks, controls and overrides."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators += [ONE_LINE, shows_something]

    def to_internal_value(self, data: Any) -> str:
        return nfc(super().to_internal_value(data))


class Prose(Text):
    """A description, a post, a comment: any number of lines, in NFC."""

    def to_internal_value(self, data: Any) -> str:
        return nfc(super().to_internal_value(data))


class Opaque(Text):
    """What programs make and compare byte by byte: tokens, addresses, hashes. It stays as it is."""


class BoundedList(serializers.ListField):
    """At most `max_length` elements, counted before any of them is looked at: DRF's own validates all of them first."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class WholeNumber(serializers.IntegerField):
    """A whole number: neither 4.5 nor "4" nor true."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNo(serializers.BooleanField):
    """true or false: neither 1 nor "on"."""

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data
