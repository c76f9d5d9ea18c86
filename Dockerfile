# The server in a container: docker build -t daydream-scope . (see docs/deploy.md)
# With torch, for the large models on an NVIDIA GPU: --build-arg EXTRA=torch
FROM python:3.11-slim-bookworm

ARG EXTRA=""
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never

RUN pip install --no-cache-dir uv && useradd --create-home --uid 10001 scope
WORKDIR /app
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-cache --no-install-project ${EXTRA:+--extra $EXTRA}
COPY src ./src
RUN uv sync --frozen --no-cache --no-editable ${EXTRA:+--extra $EXTRA}

# Model files and recordings; mount a volume here to keep them.
RUN mkdir /data && chown scope /data
ENV PATH=/app/.venv/bin:$PATH \
    SCOPE_HOST=0.0.0.0 \
    SCOPE_OPEN_BROWSER=false \
    SCOPE_LOG_FORMAT=json \
    SCOPE_RECORDINGS_FOLDER=/data/recordings \
    HF_HOME=/data/huggingface
VOLUME /data
USER scope
EXPOSE 8000

# Listening beyond loopback wants a key: docker run -e SCOPE_API_KEY=...
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live')"]
CMD ["daydream-scope", "serve"]
