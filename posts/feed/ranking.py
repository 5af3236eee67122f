"""How a ranked feed is ordered: pure functions.

score = 0.5 recency + 0.3 popularity + 0.2 affinity, each from 0 to 1:

    recency     2 ** (-age / 24 h): half after a day, a quarter after two
    popularity  log(1 + w) / log(1 + 1000), at most 1, where w = likes + 2 comments + 3 reposts
    affinity    n / (n + 5), where n = likes + 2 comments that the reader gave the author's posts lately

The three are those of Facebook's EdgeRank (affinity, weight, time decay; Sanghvi and Steinberg, f8 2010), added instead
of multiplied, so that each one's share can be told. The logarithm is that of Reddit's "hot": the first ten likes weigh
as much as the next ninety. n / (n + 5) saturates: two people who talk a lot do not see each other alone.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

RECENCY, POPULARITY, AFFINITY = 0.5, 0.3, 0.2
HALF_LIFE = timedelta(hours=24)
FULL_POPULARITY = 1_000
HALF_AFFINITY = 5
# Ages are counted from the last full five minutes: a feed that is asked for again meanwhile is the same, to the byte.
STEP_SECONDS = 300

# Post id, recency, popularity, affinity: as stored (FeedRanking), in hundredths.
Item = list[int]


@dataclass(frozen=True)
class Candidate:
    """A post that may be in the feed. `weight` is w and `interactions` n of the formula."""

    post_id: int
    published_at: datetime
    weight: int
    interactions: int


def rank(candidates: Iterable[Candidate], *, now: datetime) -> list[Item]:
    """The best first; of equal ones the newer."""
    at = now.timestamp() // STEP_SECONDS * STEP_SECONDS
    scored = []
    for candidate in candidates:
        age = max(0.0, at - candidate.published_at.timestamp())
        recency = 2 ** (-age / HALF_LIFE.total_seconds())
        popularity = min(1.0, math.log1p(candidate.weight) / math.log1p(FULL_POPULARITY))
        affinity = candidate.interactions / (candidate.interactions + HALF_AFFINITY)
        score = RECENCY * recency + POPULARITY * popularity + AFFINITY * affinity
        why = [round(100 * part) for part in (recency, popularity, affinity)]
        scored.append((score, candidate.published_at, [candidate.post_id, *why]))
    scored.sort(key=lambda found: (found[0], found[1], found[2][0]), reverse=True)
    return [item for _, _, item in scored]


def why(item: Item) -> dict[str, float]:
    """The parts of an item's score as clients see them."""
    _, recency, popularity, affinity = item
    return {"recency": recency / 100, "popularity": popularity / 100, "affinity": affinity / 100}
