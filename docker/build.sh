#!/usr/bin/env bash
# Builds an image for this machine's architecture: the static runner-entrypoint, then runner.Dockerfile or entrypoint.Dockerfile.
set -euo pipefail

usage() {
  cat <<'TEXT'
docker/build.sh [--image runner] [--tag NAME] [--base IMAGE] [--dist DIR] [--entrypoint FILE] [--packages "NAME ..."]
docker/build.sh --image entrypoint [--tag NAME] [--entrypoint FILE]
  --image NAME         runner: what a runner's task starts (default); entrypoint: runner-entrypoint alone, for previews
  --tag NAME           name of the image (default mayfly-runner:local or mayfly-entrypoint:local)
  --base IMAGE         base image; pin it as debian:bookworm-slim@sha256:... for a build that can be repeated
  --dist DIR           a runner distribution that was unpacked here, instead of the download
  --entrypoint FILE    a static runner-entrypoint that was built before (default: cargo builds it)
  --packages "NAME .." Debian packages for the jobs; "" installs none and needs no network
TEXT
}

fail() {
  printf 'build.sh: %s\n' "$1" >&2
  exit 1
}

build_entrypoint() {
  local target
  target="$(uname -m)-unknown-linux-musl"
  cargo build --locked --release --package runner-entrypoint --target "$target" --manifest-path "$root/Cargo.toml" >&2
  printf '%s/%s/release/runner-entrypoint\n' "${CARGO_TARGET_DIR:-$root/target}" "$target"
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
image=runner tag='' dist='' entrypoint=''
arguments=()
while (($#)); do
  [[ $1 == --help ]] && { usage; exit 0; }
  (($# >= 2)) || fail "$1 needs a value; see docker/build.sh --help"
  case $1 in
    --image) image=$2 ;;
    --tag) tag=$2 ;;
    --base) arguments+=(--build-arg "BASE_IMAGE=$2") ;;
    --dist) dist=$2 ;;
    --entrypoint) entrypoint=$2 ;;
    --packages) arguments+=(--build-arg "PACKAGES=$2") ;;
    *) fail "unknown option $1; see docker/build.sh --help" ;;
  esac
  shift 2
done

case $image in
  runner) while IFS= read -r setting; do arguments+=(--build-arg "$setting"); done < <(grep -E '^[A-Z0-9_]+=' "$root/docker/versions.env") ;;
  entrypoint) [[ -z $dist && ${#arguments[@]} -eq 0 ]] || fail "the image entrypoint holds one file: it takes no --base, --dist or --packages" ;;
  *) fail "there is no image $image; the images are runner and entrypoint" ;;
esac
tag=${tag:-mayfly-$image:local}
[[ -z $dist || -e $dist/bin/Runner.Listener ]] || fail "$dist is no runner distribution: it has no bin/Runner.Listener"
[[ -n $entrypoint ]] || entrypoint=$(build_entrypoint)
[[ -f $entrypoint ]] || fail "there is no file $entrypoint"

# A context of its own: the daemon is sent what the image is made of instead of the repository with its target folder.
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
[[ $image != runner ]] || mkdir "$context/runner-dist"
[[ -z $dist ]] || cp -a "$dist/." "$context/runner-dist/"
install -m 755 "$entrypoint" "$context/runner-entrypoint"
docker build --tag "$tag" --file "$root/docker/$image.Dockerfile" "${arguments[@]}" "$context"
docker image inspect --format "$tag {{.Size}} bytes" "$tag"
