#!/usr/bin/env bash
# Makes the certificates that the benchmark's servers show: an authority, and one leaf for the loopback addresses that they
# listen on. They guard nothing. Run it again when they have expired (in thirty years).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly DAYS=10950
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$DAYS" -subj "/CN=mayfly benchmark authority" \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" \
  -keyout "$work/authority-key.pem" -out authority.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=mayfly benchmark server" \
  -keyout server-key.pem -out "$work/request.pem"
# An authority must not be its own leaf: rustls refuses a certificate that may sign others as a server's.
openssl x509 -req -in "$work/request.pem" -CA authority.pem -CAkey "$work/authority-key.pem" -CAcreateserial \
  -CAserial "$work/serial" -days "$DAYS" -out server.pem -extfile <(
    printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'extendedKeyUsage=serverAuth' \
      'subjectAltName=IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3'
  )
