#!/bin/sh
# tools/install.sh VENV [--dev]: bring the virtual environment VENV in line with the requirements files of this folder.
#
# `make` and the Dockerfile install by this script alone, so that both install the same way: wheels whose hashes are
# pinned, and the packages that requirements-sdists.txt names, built with what requirements-build.txt pins.
# --dev adds what the tests need. A second run with the same files ends at once.
set -eu
venv=$1 dev=${2:-}
python=$venv/bin/python

fail() {
  echo "$*" >&2
  exit 1
}

# Succeeds when VENV's interpreter starts, is recent enough and finds its packages: not after an upgrade of the
# machine's Python, nor when somebody stopped an earlier run before pip was there.
works() {
  "$python" -c '
import importlib.util, sys
sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix or importlib.util.find_spec("pip") is None)
' 2>/dev/null
}

# create PYTHON: make VENV with it. Says why it cannot, and fails.
create() {
  version=$("$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>&1) || {
    echo "$1 does not start: $version" >&2
    return 1
  }
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$1 is Python $version, which is too old." >&2
    return 1
  }
  recent=yes
  echo "Creating $venv with Python $version"
  "$1" -m venv "$venv" && works && return 0
  rm -rf "$venv"
  echo "$1 (Python $version) could not create a virtual environment: its own words are above." >&2
  for module in venv ensurepip; do
    "$1" -c "import $module" 2>/dev/null ||
      echo "It lacks the module $module. On Debian and Ubuntu: apt install python3-venv" >&2
  done
  return 1
}

create_with_any() {
  if [ -n "${PYTHON:-}" ]; then
    create "$PYTHON" || fail "Set PYTHON to the path of a Python 3.11 or later that can."
    return
  fi
  tried='' recent=''
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null; then
      tried=yes
      create "$candidate" && return
    fi
  done
  [ "$tried" ] || echo "There is no python3 on the PATH." >&2
  [ "$recent" ] && fail "Mend that, or name another Python with PYTHON=/path/to/python3"
  fail "Simmer needs Python 3.11 or later: install one, or name yours with PYTHON=/path/to/python3"
}

# install ARGUMENT...: pip install, and a word on what its errors mean.
install() {
  log=$venv/.install.log
  {
    "$python" -m pip --disable-pip-version-check --quiet install --require-hashes "$@" || echo "pip failed."
  } 2>&1 | tee "$log" >&2
  if ! grep -q '^pip failed\.$' "$log"; then
    rm "$log"
  elif grep -q -e 'Retrying (' -e 'Connection to .* timed out' "$log"; then
    fail "pip could not reach the package index. Is there a network? A proxy is named by HTTPS_PROXY, an index of your own by PIP_INDEX_URL."
  elif grep -q 'No matching distribution found' "$log"; then
    fail "A package has no wheel for $("$python" -c 'import platform; print("Python", platform.python_version(), "on", platform.platform())'). Wheels are there for CPython 3.11 to 3.14 on Linux with glibc 2.28 or later (x86_64, aarch64)."
  else
    fail "pip could not install the requirements: its own words are above."
  fi
}

if ! works; then
  if [ -e "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ] && [ -n "$(ls -A "$venv")" ]; then
    fail "$venv is not a virtual environment: move it away."
  fi
  rm -rf "$venv"
  create_with_any
fi

content=$(cat requirements-build.txt requirements-sdists.txt requirements.txt | cksum)
content_dev=$(cat requirements-dev.txt 2>/dev/null | cksum)
# installed NAME CONTENT: whether that stamp says that this content is installed.
installed() { [ "$(cat "$venv/.$1" 2>/dev/null)" = "$2" ]; }

if ! installed installed "$content" || { [ "$dev" ] && ! installed installed-dev "$content $content_dev"; }; then
  rm -f "$venv/.installed" "$venv/.installed-dev"
  echo "Installing ${dev:+the tests and }what Simmer runs on (once, a minute or two)"
  install --only-binary :all: -r requirements-build.txt
  install --no-build-isolation -r requirements-sdists.txt -r requirements.txt ${dev:+-r requirements-dev.txt}
  if [ "$dev" ]; then echo "$content $content_dev" >"$venv/.installed-dev"; fi
  echo "$content" >"$venv/.installed"
fi
