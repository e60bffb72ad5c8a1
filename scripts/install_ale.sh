#!/usr/bin/env bash
# Builds the Arcade Learning Environment's C++ library, and installs it with its ROMs into .ale, from
# the sources of the version of ale-py that requirements.txt names; the next build uses it. ./run.sh
# and ./test.sh call it once they have made .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^\(ale-py==[0-9.]*\).*/\1/p' requirements.txt)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m pip download --quiet --no-deps --no-binary ale-py --dest "$work" "$version"
tar -xzf "$work"/ale_py-*.tar.gz -C "$work" --strip-components=1
cmake -S "$work" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_PYTHON_LIB=OFF \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX="$PWD/.ale" -DCMAKE_INSTALL_LIBDIR=lib
cmake --build "$work/build"

# whole, or not at all
DESTDIR="$work/root" cmake --install "$work/build"
installed="$work/root$PWD/.ale"
mkdir -p "$installed"/share/ale/roms
cp "$work"/src/ale/python/roms/*.bin "$installed"/share/ale/roms/
echo "$version" > "$installed"/version
rm -rf .ale .ale.new
cp -r "$installed" .ale.new
mv .ale.new .ale

# a build that is there has to look again
rm -f build/release/build.ninja build/release/CMakeCache.txt
