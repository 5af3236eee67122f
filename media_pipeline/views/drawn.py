"""Default pictures: public, the same for everyone, never changed."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views import View

from media_pipeline.drawn import draw


class DrawnView(View):
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, kind: str, name: str) -> HttpResponse:
        picture = draw(kind, name)
        if picture is None:
            raise Http404
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return HttpResponse(picture, content_type="image/png", headers=headers)
