# docker build -t mainspring . && docker run -p 4747:4747 -v mainspring:/data mainspring
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/build.txt requirements/build.txt
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/build.txt
COPY . .
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.13-slim
ENV MAINSPRING_DATABASE=/data/mainspring.db \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --home-dir /data --create-home mainspring
COPY requirements/runtime-postgres.txt /tmp/runtime.txt
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r /tmp/runtime.txt && rm /tmp/runtime.txt
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-deps --no-index /wheels/*.whl

USER mainspring
WORKDIR /data
VOLUME /data
EXPOSE 4747
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4747/health', timeout=2)"]
ENTRYPOINT ["mainspring"]
CMD ["serve", "--host", "0.0.0.0", "--port", "4747"]
