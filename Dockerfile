# linktrack in a container: built in one stage, run in another by a user without rights.
# The root may be read-only: everything that changes is in the volume /data, and in /tmp.
FROM python:3.13-slim AS build
WORKDIR /src
COPY setup.cfg pyproject.toml constraints.txt README.md LICENSE MANIFEST.in ./
COPY linktrack linktrack
COPY templates templates
COPY docs/guide docs/guide
COPY migrations migrations
RUN python -m venv /opt/linktrack && \
    /opt/linktrack/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.13-slim
COPY --from=build /opt/linktrack /opt/linktrack
RUN useradd --system --uid 10001 --user-group --no-create-home linktrack \
    && install -d -o linktrack -g linktrack -m 0700 /data
ENV PATH=/opt/linktrack/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LINKTRACK_DATA=/data
# The number of the user above: some hosts let only numbers in.
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["linktrack", "serve", "--bind", "0.0.0.0:8000"]
