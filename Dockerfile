# One image for web, relay, workers and beat; docker-compose.yml gives each its command.
FROM python:3.13.5-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY tools/install.sh requirements-build.txt requirements-sdists.txt requirements.txt ./
# The same as make does: from wheels and a few sdists of pure Python, each compared with its pinned hash, without a
# compiler. What builds the sdists stays out of the image.
RUN ./install.sh /venv && /venv/bin/pip uninstall --quiet --yes -r requirements-build.txt

FROM python:3.13.5-slim-bookworm
RUN groupadd --system --gid 10001 simmer \
    && useradd --system --uid 10001 --gid simmer --no-create-home --shell /usr/sbin/nologin simmer \
    && install --directory --owner simmer --group simmer --mode 0700 /data \
    && install --directory --owner simmer --group simmer /files
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PRODUCTION=True \
    LISTEN_ADDRESS=0.0.0.0 \
    PORT=8000 \
    REMAP_SIGTERM=SIGQUIT \
    DEV_DIR=/data
WORKDIR /app
COPY . .
RUN python -m compileall -q . \
    && SECRET_KEY=for-this-step-alone python manage.py collectstatic --noinput --verbosity 0
USER 10001:10001
VOLUME /data /files
EXPOSE 8000
CMD ["python", "-m", "core.server"]
