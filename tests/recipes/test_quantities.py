"""Ingredient lines: read as people write them, written back the same way."""

import csv
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recipes.quantities import QUANTITY_MAX, Line, compose, display, parse_line, scaled
from recipes.units import METRIC, OTHERS
from tests.recipes.conftest import Person

# Lines as sites in several languages write them. An empty quantity: the amount cannot be read to its end.
with Path(__file__).with_name("amounts.tsv").open(encoding="utf-8", newline="") as file:
    CORPUS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def times(line: Line, factor: Fraction) -> Line:
    low, high = (None if end is None else scaled(end, factor) for end in (line.quantity, line.quantity_max))
    return replace(line, quantity=low, quantity_max=high)


def test_the_corpus_is_large() -> None:
    assert len({row["line"] for row in CORPUS}) == len(CORPUS) >= 200


@pytest.mark.parametrize("row", CORPUS, ids=lambda row: row["line"])
def test_each_line_of_the_corpus_is_read_and_doubled_right(row: dict[str, str]) -> None:
    line = parse_line(row["line"])
    assert line == Line(
        raw=row["line"],
        quantity=number(row["quantity"]),
        quantity_max=number(row["quantity_max"]),
        unit=row["unit"],
        food=row["food"],
        note=row["note"],
    )
    assert compose(times(line, Fraction(2))) == row["doubled"]


def test_a_line_is_shown_for_twice_as_many_by_the_api(seller: Person) -> None:
    rows = [row for row in CORPUS if row["line"] == row["line"].strip()]
    for start in range(0, len(rows), 100):
        some = rows[start : start + 100]
        recipe = seller.create(servings=2, ingredients=[row["line"] for row in some])
        doubled = seller.get(f"/api/recipes/{recipe['id']}/?servings=4").json()["ingredients"]
        for row, line in zip(some, doubled, strict=True):
            if row["quantity"]:
                shown = " ".join(filter(None, [line["display"], line["food"]]))
                assert ", ".join(filter(None, [shown, line["note"]])) == row["doubled"]
            else:
                assert (line["quantity"], line["quantity_max"], line["display"]) == (None, None, "")
                assert line["raw"] == row["doubled"]


@pytest.mark.parametrize(
    ("quantity", "unit", "shown"),
    [
        ("1.5", "cup", "1 1/2 cups"),
        ("0.3333", "cup", "1/3 cup"),
        ("0.6667", "tsp", "2/3 tsp"),
        ("0.334", "cup", "0.334 cup"),
        ("2.125", "", "2 1/8"),
        ("1.1", "cup", "1.1 cups"),
        ("1.5", "kg", "1.5 kg"),
        ("250", "g", "250 g"),
        ("0.125", "g", "0.125 g"),
        ("1.125", "g", "1.1250 g"),
        ("1.125", "kg", "1.125 kg"),
        ("1.123", "", "1.1230"),
        ("1.123", "cup", "1.123 cups"),
        ("1.123", "Prise", "1.1230 Prise"),
        ("2", "handful", "2 handfuls"),
        ("2", "Blätter", "2 Blätter"),
        ("2", "fl oz", "2 fl oz"),
        ("0", "", "0"),
        (None, "pinch", "pinch"),
        (None, "", ""),
    ],
)
def test_an_amount_is_written_as_people_write_it(quantity: str | None, unit: str, shown: str) -> None:
    assert display(Decimal(quantity) if quantity else None, unit) == shown


@pytest.mark.parametrize(
    ("low", "high", "unit", "shown"),
    [
        ("2", "3", "cup", "2-3 cups"),
        ("0.5", "1", "cup", "1/2-1 cup"),
        ("1", "1.5", "cup", "1-1 1/2 cups"),
        ("0", "0.5", "tsp", "0-1/2 tsp"),
        ("100", "150.5", "g", "100-150.5 g"),
        ("1.125", "2.125", "g", "1.1250-2.1250 g"),
    ],
)
def test_a_range_is_written_with_both_ends(low: str, high: str, unit: str, shown: str) -> None:
    assert display(Decimal(low), unit, Decimal(high)) == shown


# Not only letters: what lines are made of, so that many are nearly amounts.
pieces = st.sampled_from(
    [
        *("1", "2", "3", "10", "400", "0", "1,000", "2.5", "1.125", "0.125", "1/2", "3/4", "11/2", "½", "⅟3", "٣"),
        *(
            " ",
            " ",
            " ",
            " ",
            "\u00a0",
            "\u2009",
            "-",
            "\u2013",
            "~",
            "/",
            "\u2044",
            "x",
            "\u00d7",
            "(",
            ")",
            ",",
            ".",
            ";",
            "%",
        ),
        *("to", "or", "and", "&", "plus", "of", "a", "about", "each", "into", "total"),
        *("g", "kg", "ml", "cup", "cups", "T.", "t", "fl oz", "tin", "can", "tins", "package", "inch"),
        *("flour", "eggs", "large", "T-bone", "à"),
    ]
)
likely = st.lists(pieces, max_size=14).map("".join) | st.lists(pieces, max_size=14).map(" ".join)
any_line = likely | st.text(max_size=500)


@given(any_line)
@example("1 " + "x" * 150 + " 2 x" + "y" * 300)
@example("1 cup " + "x" * 199 + " y")
@example("1 cup x, " + "y" * 190 + " 12 g")
def test_any_line_is_kept_whole_and_its_parts_fit_their_columns(raw: str) -> None:
    line = parse_line(raw)
    assert line.raw == raw
    assert line.quantity is None or 0 <= line.quantity <= QUANTITY_MAX
    assert line.quantity_max is None or (line.quantity is not None and line.quantity < line.quantity_max)
    assert line.quantity_max is None or line.quantity_max <= QUANTITY_MAX
    for end in (line.quantity, line.quantity_max):
        assert end is None or end == round(end, 4)
    assert max(len(line.food), len(line.note)) <= 200


@given(any_line)
@example("2 x 400g tins tomatoes, drained")
@example("1 cup of of flour")
def test_what_is_composed_of_a_line_is_read_as_the_same_parts(raw: str) -> None:
    line = parse_line(raw)
    assert replace(parse_line(compose(line)), raw=raw) == line


@given(any_line)
def test_a_line_that_is_doubled_and_halved_is_the_same_line(raw: str) -> None:
    line = parse_line(raw)
    assert times(times(line, Fraction(2)), Fraction(1, 2)) == line


@given(any_line, st.integers(1, 12), st.integers(1, 12))
def test_what_is_composed_of_a_scaled_line_is_read_as_the_scaled_amount(raw: str, wanted: int, servings: int) -> None:
    line = times(parse_line(raw), Fraction(wanted, servings))
    if line.quantity is None or max(line.quantity, line.quantity_max or 0) > QUANTITY_MAX:
        return
    if line.quantity_max is not None and line.quantity >= line.quantity_max:  # rounded to nothing
        return
    read = parse_line(compose(line))
    assert (read.quantity, read.quantity_max, read.unit) == (line.quantity, line.quantity_max, line.unit)


amounts = st.decimals(0, QUANTITY_MAX, places=4) | st.decimals(0, 20, places=4) | st.decimals(0, 20, places=3)
units = st.sampled_from(["", *METRIC, *OTHERS])


@given(amounts, st.none() | amounts, units)
def test_every_amount_that_is_written_is_read_as_the_same_number(low: Decimal, high: Decimal | None, unit: str) -> None:
    if high is not None and high <= low:
        high = None
    read = parse_line(f"{display(low, unit, high)} flour, fine")
    assert (read.quantity, read.quantity_max, read.unit) == (low, high, unit)
    assert (read.food, read.note) == ("flour", "fine")


@given(st.fractions(0, 1000, max_denominator=16), st.integers(1, 1000))
def test_what_people_write_as_a_fraction_is_scaled_exactly(value: Fraction, factor: int) -> None:
    whole, part = divmod(value, 1)
    if not part:
        return
    line = parse_line(f"{whole} {part} cups flour" if whole else f"{part} cups flour")
    assert line.quantity is not None
    exact: Any = value * factor
    assert abs(Fraction(scaled(line.quantity, Fraction(factor))) - exact) <= Fraction(1, 20_000)


@pytest.mark.parametrize(
    ("sent", "stored", "shown"),
    [
        (2, 2, "2 cups"),
        ("2", 2, "2 cups"),
        ("1.5", 1.5, "1 1/2 cups"),
        (" 1,5 ", 1.5, "1 1/2 cups"),
        ("1/2", 0.5, "1/2 cup"),
        ("1\u20442", 0.5, "1/2 cup"),
        ("1 1/2", 1.5, "1 1/2 cups"),
        ("½", 0.5, "1/2 cup"),
        ("1½", 1.5, "1 1/2 cups"),
        (".5", 0.5, "1/2 cup"),
        ("0,125", 0.125, "1/8 cup"),
        ("1.125", 1.125, "1 1/8 cups"),
        ("٢", 2, "2 cups"),
        (None, None, "cup"),
    ],
)
def test_a_quantity_may_be_sent_as_a_number_or_as_its_text(
    seller: Person, sent: Any, stored: float | None, shown: str
) -> None:
    (line,) = seller.create(ingredients=[{"quantity": sent, "unit": "cup", "food": "flour"}])["ingredients"]
    assert (line["quantity"], line["quantity_max"], line["display"]) == (stored, None, shown)


def test_a_point_in_a_text_is_a_decimal_point_whatever_the_unit(seller: Person) -> None:
    (line,) = seller.create(ingredients=[{"quantity": "1.125", "unit": "g", "food": "yeast"}])["ingredients"]
    assert (line["quantity"], line["display"], line["raw"]) == (1.125, "1.1250 g", "1.1250 g yeast")


@pytest.mark.parametrize(
    "sent",
    ["", " ", "two", "1,000", "2-3", "1/0", "1e3", "2.5.1", "1 2", "-1", "2 g", "9" * 30, "0" * 5_000, True, [1], {}],
    ids=lambda sent: str(sent)[:8],
)
@pytest.mark.parametrize("field", ["quantity", "quantity_max"])
def test_a_quantity_that_is_no_number_is_refused_with_its_field(seller: Person, field: str, sent: Any) -> None:
    parts = {"quantity": 1, field: sent, "unit": "g", "food": "flour"}
    answer = seller.post("/api/recipes/", {"name": "x", "ingredients": [parts]})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [f"ingredients.0.{field}"])
    (message,) = answer.json()["errors"][f"ingredients.0.{field}"]
    assert '"1/2"' in message


def test_a_range_is_stored_and_shown_with_both_ends(seller: Person) -> None:
    parts = {"quantity": "1/2", "quantity_max": "0.75", "unit": "cup", "food": "sugar", "note": "brown"}
    line, typed = seller.create(ingredients=[parts, "2-3 eggs"])["ingredients"]
    assert (line["quantity"], line["quantity_max"], line["display"]) == (0.5, 0.75, "1/2-3/4 cup")
    assert line["raw"] == "1/2-3/4 cup sugar, brown"
    assert (typed["quantity"], typed["quantity_max"], typed["display"]) == (2, 3, "2-3")


@pytest.mark.parametrize(
    "parts", [{"quantity_max": 2}, {"quantity": 2, "quantity_max": 2}, {"quantity": "1/2", "quantity_max": 0.25}]
)
def test_a_range_whose_ends_do_not_ascend_is_refused(seller: Person, parts: dict[str, Any]) -> None:
    answer = seller.post("/api/recipes/", {"name": "x", "ingredients": [{**parts, "food": "flour"}]})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["ingredients.0.quantity_max"])


def test_a_changed_upper_end_is_an_edit(seller: Person) -> None:
    recipe = seller.create(ingredients=[{"raw": "eggs", "quantity": 2, "quantity_max": 3, "food": "eggs"}])
    changed = seller.patch(
        f"/api/recipes/{recipe['id']}/",
        {"ingredients": [{"raw": "eggs", "quantity": 2, "quantity_max": 4, "food": "eggs"}]},
    ).json()
    assert (changed["ingredients"][0]["quantity_max"], changed["version"]) == (4, 2)
