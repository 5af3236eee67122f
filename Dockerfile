# One image for web, relay, workers and beat; docker-compose.yml gives each its command.
FROM python:3.13.5-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /venv
COPY requirements.txt .
# Every wheel is compared with its pinned hash; no compiler is needed.
RUN /venv/bin/pip install --only-binary :all: --require-hashes -r requirements.txt

FROM python:3.13.5-slim-bookworm
RUN groupadd --system --gid 10001 simmer \
    && useradd --system --uid 10001 --gid simmer --no-create-home --shell /usr/sbin/nologin simmer \
    && install --directory --owner simmer --group simmer /data /files
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
