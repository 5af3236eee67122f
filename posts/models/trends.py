"""What is talked about, computed in the background (posts/trending.py)."""

from django.db import models

from recipes.models import Tag


class TagTrend(models.Model):
    """How much a tag is used these days. Tags that nobody uses now have no row."""

    tag = models.OneToOneField(Tag, on_delete=models.CASCADE, primary_key=True, related_name="trend")
    # Recent uses, newer ones weigh more; a whole number, for cursors.
    score = models.BigIntegerField()
    post_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["-score", "-tag"], name="tag_trend_score")]

    def __str__(self) -> str:
        return f"trend of tag {self.tag_id}"
