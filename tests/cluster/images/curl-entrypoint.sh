#!/bin/sh
# As curlimages/curl does: arguments are curl's, unless the first is a program of this image.
case "${1:-}" in
-* | "") exec curl "$@" ;;
esac
if command -v "$1" >/dev/null 2>&1; then exec "$@"; fi
exec curl "$@"
