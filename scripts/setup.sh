# Makes a machine ready to build and run; sourced by run.sh and test.sh in the root of the checkout.
#   setup            installs what is missing and configures build/release
#   build TARGET...  builds targets, everything if none is named

# Debian 12 and Ubuntu 22.04 onwards; the optional ones make builds (ccache, mold)
# and training (TCMalloc) faster
system_packages=(build-essential cmake ninja-build pkg-config python3-dev python3-venv libcli11-dev
                 nlohmann-json3-dev tao-pegtl-dev libprotozero-dev libxxhash-dev liblz4-dev
                 zlib1g-dev libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev)
optional_packages=(ccache mold libgoogle-perftools-dev)

build_dir=build/release
log=build/setup.log
stamp=.venv/.accumbens-requirements

say() { echo "==> $*"; }

fail() {
  echo "error: $*" >&2
  exit 1
}

# runs a command into the log; if it fails, shows the end of the log and stops with the sentence
logged() {
  local sentence=$1
  shift
  echo "+ $*" >> "$log"
  "$@" >> "$log" 2>&1 < /dev/null || {
    tail -n 30 "$log" >&2
    fail "$sentence (everything is in $log)"
  }
}

installed() {
  dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2> /dev/null | sed -n 's/^installed //p'
}

install_system_packages() {
  # other distributions bring their own: CMake names what it misses
  command -v dpkg-query > /dev/null || return 0
  local missing
  missing=$(comm -23 <(printf '%s\n' "${system_packages[@]}" | sort) \
                     <(installed "${system_packages[@]}" | sort))
  [ -n "$missing" ] || return 0

  # as root, through sudo, or not at all
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2> /dev/null; then
      as_root=(sudo -n)
    elif command -v sudo > /dev/null && [ -t 0 ] && sudo -v; then
      as_root=(sudo)
    else
      echo "These system packages are missing. As root, run this once, then run $0 again:" >&2
      echo "  apt-get update && apt-get install -y --no-install-recommends" $missing >&2
      exit 1
    fi
  fi
  say "installing system packages:" $missing
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get)
  logged "apt-get could not update its package lists: check the network" "${apt[@]}" update
  local package
  for package in "${optional_packages[@]}"; do
    if apt-cache show "$package" > /dev/null 2>&1; then missing+=" $package"; fi
  done
  logged "apt-get could not install the system packages" \
    "${apt[@]}" install -y --no-install-recommends $missing

  # CMake has to look again
  rm -f $build_dir/build.ninja $build_dir/CMakeCache.txt
}

# a GPU machine gets the CUDA build unless told otherwise; a finished .venv keeps the build it has
torch_build() {
  case ${ACCUMBENS_TORCH:-auto} in
    cpu | cuda) echo "$ACCUMBENS_TORCH" ;;
    auto)
      if [ -f "$stamp" ]; then
        cut -d ' ' -f 1 "$stamp"
      elif nvidia-smi > /dev/null 2>&1; then
        echo cuda
      else
        echo cpu
      fi
      ;;
    *) fail "ACCUMBENS_TORCH is '$ACCUMBENS_TORCH': use cpu, cuda or auto" ;;
  esac
}

install_python_packages() {
  local torch wanted
  torch=$(torch_build) || exit 1
  wanted="$torch $(sha256sum < requirements.txt)"
  [ ! -f "$stamp" ] || [ "$(< "$stamp")" != "$wanted" ] || return 0

  # a virtual environment that runs; one of a vanished Python is made anew
  command -v python3 > /dev/null || fail "python3 is missing: install Python 3.10 or newer"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$(python3 --version) is too old: Python 3.10 or newer is needed"
  say "installing Python packages with the $torch build of torch into .venv"
  if ! .venv/bin/python -m pip --version > /dev/null 2>&1; then
    logged "python3 could not make .venv" python3 -m venv --clear .venv
  fi
  local pip=(.venv/bin/python -m pip --disable-pip-version-check)

  # both builds of torch answer to the one version number, so a CPU build has to make room
  local version
  version=$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.txt)
  rm -f "$stamp"
  if [ "$torch" = cuda ] && compgen -G '.venv/lib/python3*/site-packages/torch-*+cpu.dist-info' \
    > /dev/null; then
    logged "pip could not remove the CPU build of torch" "${pip[@]}" uninstall -y torch
  fi
  if [ "$torch" = cpu ]; then
    echo "+ pip install $version+cpu" >> "$log"
    "${pip[@]}" install --no-deps --retries 1 --timeout 15 \
      --extra-index-url https://download.pytorch.org/whl/cpu "$version+cpu" \
      >> "$log" 2>&1 < /dev/null || say "no CPU build of torch within reach: taking the default one"
  fi
  logged "pip could not install requirements.txt" "${pip[@]}" install -r requirements.txt
  rm -f $build_dir/build.ninja $build_dir/CMakeCache.txt
  echo "$wanted" > "$stamp"
}

# with the Arcade Learning Environment's own library games run on all cores; ale-py does without
install_ale() {
  local version
  version=$(sed -n 's/^\(ale-py==[0-9.]*\).*/\1/p' requirements.txt)
  [ ! -f .ale/version ] || [ "$(< .ale/version)" != "$version" ] || return 0
  say "building the Arcade Learning Environment's C++ library into .ale"
  echo "+ scripts/install_ale.sh" >> "$log"
  scripts/install_ale.sh >> "$log" 2>&1 < /dev/null || {
    say "it could not be built (see $log): ale-py plays, one game at a time; remove .ale to try again"
    rm -rf .ale $build_dir/build.ninja $build_dir/CMakeCache.txt
    mkdir .ale
    echo "$version" > .ale/version
  }
}

setup() {
  mkdir -p build
  : > "$log"
  install_system_packages
  install_python_packages
  install_ale
  if [ ! -f $build_dir/build.ninja ]; then
    say "configuring $build_dir"
    logged "CMake could not configure $build_dir" cmake --preset release
  fi
}

build() {
  local targets=()
  [ $# = 0 ] || targets=(--target "$@")
  if [ ! -x $build_dir/accumbens ]; then
    say "building: some minutes the first time (tail -f $log shows how far it is)"
  fi

  # a file that includes torch takes up to 2 GB to compile
  local cores memory_gb jobs
  cores=$(nproc)
  memory_gb=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
  jobs=$((memory_gb / 2 < 1 ? 1 : memory_gb / 2 < cores ? memory_gb / 2 : cores))
  logged "the build failed" cmake --build $build_dir --parallel $jobs "${targets[@]}"
}
