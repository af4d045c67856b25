# The service as an image; docs/container.md says how to run it. Builds with BuildKit and with the legacy builder:
#   docker build -t clinikk-tv .
#   docker build -t clinikk-tv --build-arg DEBIAN=trixie .
ARG DEBIAN=bookworm

# What building needs: tools/setup has the only list of packages. Nothing here changes with the sources.
FROM debian:${DEBIAN}-slim AS packages
RUN dpkg-query -W -f '${Package}\n' >/base-packages
WORKDIR /src
COPY tools/setup tools/
COPY package.json package-lock.json .npmrc ./
RUN tools/setup run

FROM packages AS build
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY tools/build tools/image-packages tools/
COPY src src
RUN tools/build release clinikk-tv
RUN install -D --strip build/release/clinikk-tv /image/clinikk-tv
# Which packages the program, FFmpeg and bubblewrap load. The lists stay the same as long as no library comes or goes.
RUN tools/image-packages /image/packages build/release/clinikk-tv /usr/bin/ffmpeg /usr/bin/ffprobe /usr/bin/bwrap

FROM debian:${DEBIAN}-slim
# Debian's packages, installed by apt, but without what they depend on and nobody here loads: an empty package stands
# for those (tools/image-packages). Security updates come with `docker build --pull --no-cache`.
COPY --from=build /image/packages /tmp/packages
RUN set -eu; \
    export DEBIAN_FRONTEND=noninteractive; \
    cd /tmp/packages; \
    mkdir -p unneeded/DEBIAN; \
    cp control unneeded/DEBIAN/; \
    dpkg-deb --build unneeded; \
    dpkg -i unneeded.deb; \
    apt-get update -q; \
    apt-get upgrade -q -y --no-install-recommends; \
    apt-get install -q -y --no-install-recommends $(cat packages); \
    rm -rf /tmp/packages /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/debconf/*-old /var/log/*.log /var/log/apt; \
    useradd --no-log-init --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin clinikk-tv; \
    install -d -o 10001 -g 10001 -m 700 /data
COPY LICENSE /usr/share/doc/clinikk-tv/copyright
COPY --from=build /image/clinikk-tv /usr/local/bin/

ENV HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# It answers as soon as it listens; before that it may wait for the database for a minute (POSTGRES_WAIT).
HEALTHCHECK --interval=5s --timeout=6s --start-period=90s --retries=3 CMD ["clinikk-tv", "health"]
ENTRYPOINT ["clinikk-tv"]
CMD ["serve"]

ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="Clinikk TV" \
      org.opencontainers.image.description="Upload, protect and stream health video and audio" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
