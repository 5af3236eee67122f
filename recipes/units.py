"""Units of ingredients: their spellings, how people write amounts in them, and how numbers in them are read."""

import re

# Each unit with its plural and its other spellings. Metric amounts are written as decimals, all others as fractions.
METRIC: dict[str, tuple[str, ...]] = {
    "g": ("g", "gr", "gram", "grams", "gramme", "grammes"),
    "kg": ("kg", "kilo", "kilos", "kilogram", "kilograms", "kilogramm", "kilogramo", "kilogramos", "chilo", "кг"),
    "mg": ("mg",),
    "ml": ("ml", "milliliter", "milliliters", "millilitre", "millilitres"),
    "cl": ("cl", "centiliter", "centilitre"),
    "dl": ("dl", "deciliter", "decilitre"),
    "l": ("l", "liter", "liters", "litre", "litres", "litro", "litros", "litri", "л"),
}
OTHERS: dict[str, tuple[str, ...]] = {
    "cup": ("cups", "c"),
    "tablespoon": ("tablespoons",),
    "tbsp": ("tbsp", "tbsps", "tbs", "tbl"),
    "teaspoon": ("teaspoons",),
    "tsp": ("tsp", "tsps"),
    "fl oz": ("fl oz", "floz", "fluid oz", "fluid ounce", "fluid ounces"),
    "ounce": ("ounces",),
    "oz": ("oz",),
    "pound": ("pounds",),
    "lb": ("lb", "lbs"),
    "pint": ("pints", "pt"),
    "quart": ("quarts", "qt"),
    "gallon": ("gallons", "gal"),
    "stick": ("sticks",),
    "pinch": ("pinches",),
    "dash": ("dashes",),
    "handful": ("handfuls",),
    "clove": ("cloves",),
    "slice": ("slices",),
    "can": ("cans",),
    "tin": ("tins",),
    "bunch": ("bunches",),
    "sprig": ("sprigs",),
    "stalk": ("stalks",),
    "piece": ("pieces",),
    "package": ("packages", "pkg"),
}
# Units that have a size of their own: "a 400 g tin" is one tin, not 400 g of tin.
CONTAINERS = frozenset({"can", "tin", "package"})
# Units of such sizes.
MEASURES = frozenset({*METRIC, "ounce", "oz", "pound", "lb", "fl oz"})
_WEIGHTS, _VOLUMES = ("ounce", "oz", "pound", "lb"), ("fl oz", "cup", "pint", "quart", "gallon")
_SPOONS = ("tablespoon", "tbsp", "teaspoon", "tsp")
# Units in which one amount may be written: 1 lb, 4 oz.
_KINDS = {
    **dict.fromkeys(("g", "kg", "mg"), "metric weight"),
    **dict.fromkeys(("ml", "cl", "dl", "l"), "metric volume"),
    **dict.fromkeys(_WEIGHTS, "weight"),
    **dict.fromkeys((*_VOLUMES, *_SPOONS), "volume"),
}
# Pieces, of which "10/12" are ten to twelve.
COUNTED = frozenset({"", "clove", "slice", "can", "tin", "bunch", "sprig", "stalk", "piece", "package"})
# Exactly three digits after a comma or a point are thousands in these units and without a unit.
_THOUSANDS = frozenset({"", "g", "mg", "ml"})

_SPELLED = {
    spelling: unit for units in (METRIC, OTHERS) for unit, spellings in units.items() for spelling in (unit, *spellings)
}
_DOTS_AND_SPACES = re.compile(r"[.\s]+")


def unit_of(word: str) -> str | None:
    """The unit that `word` spells, None when it is not a unit. `T` is a tablespoon and `t` a teaspoon."""
    spelled = _DOTS_AND_SPACES.sub(" ", word).strip()
    return {"T": "tablespoon", "t": "teaspoon"}.get(spelled) or _SPELLED.get(spelled.lower())


def are_of_one_kind(unit: str, other: str) -> bool:
    """Whether two amounts in these units may be parts of one amount: `1 lb, 4 oz`."""
    return unit == other or (unit in _KINDS and _KINDS[unit] == _KINDS.get(other))


def groups_thousands(unit: str) -> bool:
    """Whether `1,000` in this unit (as an ingredient has it) is read as a thousand, not as one."""
    # The reader sees no unit in a word that it does not know.
    return (unit_of(unit) or "") in _THOUSANDS
