"""Ingredient lines: read as people write them, written back the same way."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipes.quantities import QUANTITY_MAX, Line, compose, display, parse_line


@pytest.mark.parametrize(
    ("raw", "quantity", "unit", "food", "note"),
    [
        ("1 1/2 cups flour, sifted", "1.5", "cup", "flour", "sifted"),
        ("1-1/2 cups flour", "1.5", "cup", "flour", ""),
        ("½ tsp. salt", "0.5", "tsp", "salt", ""),
        ("1½ cups sugar", "1.5", "cup", "sugar", ""),
        ("2/3 cup rice", "0.6667", "cup", "rice", ""),
        ("200g sugar", "200", "g", "sugar", ""),
        ("200 grams of sugar", "200", "g", "sugar", ""),
        ("1,5 dl milk", "1.5", "dl", "milk", ""),
        ("1.25 kg beef", "1.25", "kg", "beef", ""),
        ("1 T oil", "1", "tablespoon", "oil", ""),
        ("1 t oil", "1", "teaspoon", "oil", ""),
        ("3 Cloves garlic, crushed, fine", "3", "clove", "garlic", "crushed, fine"),
        ("2-3 eggs", "2", "", "eggs", "2-3"),
        ("2 to 3 large eggs, beaten", "2", "", "large eggs", "beaten; 2 to 3"),
        ("2 to go", "2", "", "to go", ""),
        ("4 eggs", "4", "", "eggs", ""),
        ("a pinch of salt", "1", "pinch", "salt", ""),
        ("an onion", None, "", "an onion", ""),
        ("Salt to taste", None, "", "Salt to taste", ""),
        ("7up", None, "", "7up", ""),
        ("00-flour", None, "", "00-flour", ""),
        ("1/0 cup", None, "", "1/0 cup", ""),
        ("٣ eggs", "3", "", "eggs", ""),
        ("10", "10", "", "", ""),
        ("", None, "", "", ""),
    ],
)
def test_a_line_is_read_into_its_parts(raw: str, quantity: str | None, unit: str, food: str, note: str) -> None:
    expected = Line(raw=raw, quantity=Decimal(quantity) if quantity else None, unit=unit, food=food, note=note)
    assert parse_line(raw) == expected


@pytest.mark.parametrize(
    ("quantity", "unit", "shown"),
    [
        ("1.5", "cup", "1 1/2 cups"),
        ("0.3333", "cup", "1/3 cup"),
        ("0.6667", "tsp", "2/3 tsp"),
        ("2.125", "", "2 1/8"),
        ("1.1", "cup", "1.1 cups"),
        ("1.5", "kg", "1.5 kg"),
        ("250", "g", "250 g"),
        ("2", "handful", "2 handfuls"),
        ("2", "Blätter", "2 Blätter"),
        ("0", "", "0"),
        (None, "pinch", "pinch"),
        (None, "", ""),
    ],
)
def test_an_amount_is_written_as_people_write_it(quantity: str | None, unit: str, shown: str) -> None:
    assert display(Decimal(quantity) if quantity else None, unit) == shown


@given(st.text(max_size=500))
def test_any_line_is_kept_whole_and_its_parts_fit_their_columns(raw: str) -> None:
    line = parse_line(raw)
    assert line.raw == raw
    assert line.quantity is None or 0 <= line.quantity <= QUANTITY_MAX + 1
    assert line.quantity is None or line.quantity == round(line.quantity, 4)
    assert max(len(line.food), len(line.note)) <= 200


@given(st.decimals(0, 1000, places=3), st.sampled_from(["cup", "g", "", "tsp"]))
def test_what_is_composed_reads_as_the_same_amount(quantity: Decimal, unit: str) -> None:
    read = parse_line(compose(Line(raw="", quantity=quantity, unit=unit, food="flour", note="fine")))
    assert read.quantity is not None
    assert abs(read.quantity - quantity) <= Decimal("0.0011")
    assert (read.unit, read.food, read.note) == (unit, "flour", "fine")
