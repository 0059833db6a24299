# An image with nothing but the static runner-entrypoint, for apps whose own image lacks it: a preview's init container copies
# the program into a shared volume (`install /mayfly`), or an app's Dockerfile takes it (`COPY --from=... /runner-entrypoint ...`).
# It has no shell, no libraries and no users; build.sh puts the binary into the build context.
FROM scratch
ARG ENTRYPOINT_BINARY=runner-entrypoint
COPY ${ENTRYPOINT_BINARY} /runner-entrypoint
STOPSIGNAL SIGTERM
ENTRYPOINT ["/runner-entrypoint"]
