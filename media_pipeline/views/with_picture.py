"""Routes whose body may bring a picture."""

from django.utils.datastructures import MultiValueDict
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.views import APIView

from core.throttles import fields_of
from media_pipeline.serializers import WITH_PICTURES

# The shortest picture in base64: what is shorter need not be parsed before it is known who may do this.
PICTURE_MIN = 48


class WithPictureView(APIView):
    """A picture of a recipe or post may come within the body (`image`), and then the request counts as an upload."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    body_limits = WITH_PICTURES

    @property
    def throttle_scope(self) -> str | None:
        length = self.request.META.get("CONTENT_LENGTH") or "0"
        # Anonymous clients are refused whatever they send, so their body is not parsed.
        is_anonymous = self.request.user.pk is None
        if is_anonymous or self.request.method not in ("POST", "PATCH") or int(length) < PICTURE_MIN:
            return None
        fields = fields_of(self.request)
        # A form may repeat the field, and `get` sees the last value alone.
        pictures = fields.getlist("image") if isinstance(fields, MultiValueDict) else [fields.get("image")]
        return "upload" if any(pictures) else None
