# The image that a runner's task starts: GitHub's runner distribution and runner-entrypoint as PID 1. build.sh makes the
# build context (the static binary and, where given, a local distribution) and passes the values of versions.env.
# Nothing in here needs BuildKit: the legacy builder of Docker 20.10 builds it too.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS distribution
ARG RUNNER_VERSION
ARG RUNNER_SHA256_X64
ARG RUNNER_SHA256_ARM64
ARG RUNNER_DIST=runner-dist
# A folder of the build context. Empty: the distribution is fetched and checked. Else it is taken as it is, without network.
COPY ${RUNNER_DIST}/ /distribution/
SHELL ["/bin/sh", "-eu", "-c"]
RUN if [ -e /distribution/bin/Runner.Listener ]; then echo "using the local distribution"; exit 0; fi; \
    case "$(dpkg --print-architecture)" in \
      amd64) arch=x64 sha256="${RUNNER_SHA256_X64:-}" name=RUNNER_SHA256_X64 ;; \
      arm64) arch=arm64 sha256="${RUNNER_SHA256_ARM64:-}" name=RUNNER_SHA256_ARM64 ;; \
      *) echo "GitHub has no runner for $(dpkg --print-architecture): build for amd64 or arm64" >&2; exit 1 ;; \
    esac; \
    if [ -z "${RUNNER_VERSION:-}" ] || [ -z "$sha256" ]; then \
      echo "RUNNER_VERSION or $name is empty: fill it in docker/versions.env and build with docker/build.sh" >&2; exit 1; \
    fi; \
    apt-get update -q; \
    apt-get install -qy --no-install-recommends ca-certificates curl; \
    file="actions-runner-linux-$arch-$RUNNER_VERSION.tar.gz"; \
    curl -fsSL --retry 5 -o "/tmp/$file" "https://github.com/actions/runner/releases/download/v$RUNNER_VERSION/$file"; \
    echo "$sha256  /tmp/$file" | sha256sum -c -; \
    tar -xzf "/tmp/$file" -C /distribution

FROM ${BASE_IMAGE}
ARG ENTRYPOINT_BINARY=runner-entrypoint
# What nearly every job needs. Empty: nothing is installed and no network is used.
ARG PACKAGES="ca-certificates curl git jq unzip xz-utils"
SHELL ["/bin/sh", "-eu", "-c"]
RUN groupadd --gid 1001 runner; \
    useradd --uid 1001 --gid 1001 --create-home --home-dir /home/runner --shell /bin/bash runner
# By --chown, since a chown in a layer of its own would store the distribution a second time.
COPY --from=distribution --chown=1001:1001 /distribution/ /home/runner/
# The distribution knows which libraries (ICU, OpenSSL, Kerberos) its .NET runtime needs on which release of Debian.
RUN if [ -z "$PACKAGES" ]; then exit 0; fi; \
    export DEBIAN_FRONTEND=noninteractive; \
    apt-get update -q; \
    apt-get install -qy --no-install-recommends $PACKAGES; \
    if [ -x /home/runner/bin/installdependencies.sh ]; then /home/runner/bin/installdependencies.sh; fi; \
    apt-get clean; \
    rm -rf /var/lib/apt/lists/*
COPY ${ENTRYPOINT_BINARY} /usr/local/bin/runner-entrypoint

WORKDIR /home/runner
# There is no USER line, on purpose: PID 1 stays root and starts the job as the user `runner` (MAYFLY_RUNNER_USER). Under one
# user the job could read the registration's credential from PID 1's memory and environment. The image has no sudo.
#
# ECS looks only at the health check of the task definition; this one is for `docker run`.
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --retries=3 CMD ["/usr/local/bin/runner-entrypoint", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/runner-entrypoint"]
CMD ["runner"]
