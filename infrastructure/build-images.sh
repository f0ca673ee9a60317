#!/bin/sh
# Builds the images of these services, or of all: build-images.sh [mlpipeline] [model-deployment] [monitoring]
# CONTAINERS is docker or podman, IMAGE_TAG the tag, BUILD_OPTIONS what else the build is to be told. Ends with 3 where no
# engine answers.
set -eu
cd "$(dirname "$0")/.."
found=
for engine in ${CONTAINERS:-docker podman}; do
    if "$engine" info >/dev/null 2>&1; then found=$engine && break; fi
done
[ -n "$found" ] || { echo "Not built: no engine answers (${CONTAINERS:-docker, podman})." >&2; exit 3; }
format=
[ "${found##*/}" = docker ] || format="--format docker"  # podman's own format knows no HEALTHCHECK
version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
commit=$(git describe --always --dirty --abbrev=40 --match= 2>/dev/null || echo unknown)
[ $# -gt 0 ] || set -- mlpipeline model-deployment monitoring
for service; do
    case $service in model-deployment) name=web ;; *) name=$service ;; esac
    # shellcheck disable=SC2086  # options are words
    "$found" build $format ${BUILD_OPTIONS:-} --build-arg VERSION="$version" --build-arg COMMIT="$commit" \
        --tag "online-course-$name:${IMAGE_TAG:-local}" "$service"
done
"$found" images --filter "reference=*online-course-*:${IMAGE_TAG:-local}"
