#!/bin/sh
# Builds the images of these services, or of all: build-images.sh [mlpipeline] [model-deployment] [monitoring]
# CONTAINERS is docker or podman, IMAGE_TAG the tag, BUILD_OPTIONS what else the build is to be told.
set -eu
cd "$(dirname "$0")/.."
engine=${CONTAINERS:-$(command -v docker || command -v podman)} || { echo "Not built: neither docker nor podman is here." >&2; exit 1; }
case $engine in *podman) format="--format docker" ;; *) format="" ;; esac  # podman's own format knows no HEALTHCHECK
version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
commit=$(git describe --always --dirty --abbrev=40 --match= 2>/dev/null || echo unknown)
[ $# -gt 0 ] || set -- mlpipeline model-deployment monitoring
for service; do
    name=online-course-$([ "$service" = model-deployment ] && echo web || echo "$service")
    # shellcheck disable=SC2086  # options are words
    "$engine" build $format ${BUILD_OPTIONS:-} --build-arg VERSION="$version" --build-arg COMMIT="$commit" \
        --tag "$name:${IMAGE_TAG:-local}" "$service"
done
"$engine" images --filter "reference=*online-course-*:${IMAGE_TAG:-local}"
