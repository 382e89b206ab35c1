#!/usr/bin/env bash
# The peers of the benchmarks, below out/peers: borg 1.4 built from its source, and the newest restic
# that Debian has.  What is there stays (`make clean` removes it).  Root installs what is missing;
# anybody else is told the one line to run.  What cannot be had is replaced by Debian's package of
# this system, and what is not there at all is left out of the measurements, which say so.
set -uo pipefail
cd "$(dirname "$0")/.."

peers=$PWD/out/peers
python=$(command -v .venv/bin/python || command -v python3.11 || command -v python3)
export DEBIAN_FRONTEND=noninteractive
mkdir -p "$peers/bin"

# Install Debian packages: true when they are there afterwards.
install() {
    local needed=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            needed+=("$package")
    done
    [ ${#needed[@]} -gt 0 ] || return 0
    local line="apt-get install -y --no-install-recommends ${needed[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        echo "peers: to have ${needed[*]}, run as root: $line"
        return 1
    fi
    echo "peers: installing ${needed[*]}"
    apt-get update -qq && $line -qq >/dev/null
}

# borg: its own virtual environment, all of it pinned by hash.
build_borg() {
    local to=$peers/borg pip=("$peers/borg/bin/python" -m pip install --quiet --no-deps)
    pip+=(--disable-pip-version-check --require-hashes)
    install build-essential libacl1-dev liblz4-dev libssl-dev libxxhash-dev libzstd-dev pkg-config ||
        return 1
    [ "$("$python" -c 'import sys; print(sys.base_prefix)')" != /usr ] || install python3-dev || return 1
    echo "peers: building borg (a minute or two)"
    rm -rf "$to"
    "$python" -m venv "$to" &&
        "${pip[@]}" -r tools/peers-build.txt &&
        "${pip[@]}" --no-build-isolation --no-binary borgbackup -r tools/peers.txt &&
        ln -sfn ../borg/bin/borg "$peers/bin/borg" &&
        echo "built from source for $("$python" --version)" >"$peers/bin/borg.origin" &&
        cat tools/peers*.txt >"$to/built-from"
}

# Where this system has its own Debian packages from.
debian_mirror() {
    apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        sed -n 's/^Debian main //p' | head -n 1
}

# restic: a program without libraries, so that a newer Debian's runs here.
fetch_restic() {
    local suite=$1 mirror state=$2/$1 options package
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || return 1
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/package"
    touch "$state/status"
    echo "deb $mirror $suite main" >"$state/sources.list"
    options=(-qq -o "APT::Sandbox::User=$(id -un)" -o "Dir::Etc::SourceList=$state/sources.list"
        -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$state/lists"
        -o "Dir::State::Status=$state/status" -o "Dir::Cache=$state/cache")
    echo "peers: fetching restic of Debian $suite"
    apt-get "${options[@]}" update &&
        (cd "$state/package" && apt-get "${options[@]}" download restic) &&
        package=("$state"/package/restic_*.deb) &&
        dpkg -x "${package[0]}" "$state/unpacked" &&
        "$state/unpacked/usr/bin/restic" version >/dev/null &&
        install_program "$state/unpacked/usr/bin/restic" &&
        echo "Debian $suite, package $(dpkg-deb -f "${package[0]}" Version)" \
            >"$peers/bin/restic.origin"
}

install_program() {
    cp "$1" "$peers/bin/.new" && mv "$peers/bin/.new" "$peers/bin/$(basename "$1")"
}

if ! cat tools/peers*.txt | cmp -s - "$peers/borg/built-from" ||
    ! "$peers/bin/borg" --version >/dev/null 2>&1; then
    build_borg || { rm -f "$peers"/bin/borg*; command -v borg >/dev/null || install borgbackup; }
fi
if ! "$peers/bin/restic" version >/dev/null 2>&1; then
    state=$(mktemp -d)
    trap 'rm -rf "$state"' EXIT
    [ -n "$(debian_mirror)" ] || [ "$(id -u)" -ne 0 ] || apt-get update -qq
    fetch_restic sid "$state" || fetch_restic trixie "$state" ||
        { command -v restic >/dev/null || install restic; }
fi

PATH=$peers/bin:$PATH
for program in "borg --version" "restic version"; do
    $program || echo "peers: left out: ${program% *}"
done
