"""A view that writes a row, holds on where a test wants it to, and fails in the ways that a view may."""

import threading
from typing import Any

from django.urls import path
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import Forbidden
from core.idempotency import idempotent
from realtime.models import Job

# `{"wait": true}`: the view says that it has written, and waits for leave to go on.
written, leave = threading.Event(), threading.Event()


class NoteView(APIView):
    """A note is a job that nobody runs: any table without unique columns would do."""

    permission_classes = [AllowAny]

    @idempotent
    def post(self, request: Request) -> Response:
        files: dict[str, Any] = request.FILES
        note = Job.objects.create(task="note", args={"text": request.data["text"]}, enqueue_at=timezone.now())
        if request.data.get("wait"):
            written.set()
            assert leave.wait(20)
        match request.data.get("then"):
            case "crash":
                raise RuntimeError("planted, before the commit")
            case "refuse":
                raise Forbidden("Not today.")
            case "answer with an error":
                return Response({"code": "taken"}, status=409)
            case "say nothing":
                return Response(status=204, headers={"Location": f"/notes/{note.pk}/"})
        sizes = {name: len(file.read()) for name, file in files.items()}
        return Response(
            {"id": str(note.pk), "sizes": sizes},
            status=201,
            headers={"Location": f"/notes/{note.pk}/", "ETag": '"1.abc"', "X-Other": "mine"},
        )


class OtherView(NoteView):
    """The same at another address."""


urlpatterns = [path("notes/", NoteView.as_view()), path("others/", OtherView.as_view())]

handler404 = "core.api.not_found"
handler500 = "core.api.server_error"
