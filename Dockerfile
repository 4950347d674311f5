# syntax=docker/dockerfile:1

# The image that `docker compose up` runs: one binary, no shell tools beyond the base, not root.
# Postgres stands beside it; without DATABASE_URL the image also runs a private one of its own.

FROM rust:1.95-bookworm AS build
WORKDIR /src
# Dependencies first: they are compiled again only when the lock file changes.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs src/README.md \
    && sed -i '/^\[\[bench\]\]/,/^$/d' Cargo.toml \
    && cargo build --locked --profile dist && rm -r src
COPY . .
RUN touch src/main.rs src/lib.rs && cargo build --locked --profile dist --bin picket

FROM debian:bookworm-slim
# Not pinned: Debian removes the version before each security fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && mkdir -p /etc/postgresql-common \
    && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends ca-certificates curl postgresql \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin picket \
    && install -d -o picket -g picket -m 700 /data
COPY --from=build /src/target/dist/picket /usr/local/bin/picket
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/picket/
# By number: orchestrators that refuse root cannot look names up.
USER 10001
ENV PICKET__DATA_DIR=/data \
    PICKET__SERVER__LISTEN=0.0.0.0:8000
VOLUME /data
EXPOSE 8000
# Stopping drains requests and batches; Docker waits ten seconds unless told otherwise.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8000/health/live"]
ENTRYPOINT ["picket"]
CMD ["serve"]
