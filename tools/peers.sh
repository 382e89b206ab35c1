#!/usr/bin/env bash
# The peers of `python -m benchmarks.vault`: borg and restic as Debian packages them.  Root installs
# them; anybody else is told the one line to run.  A benchmark without them measures ours alone.
set -euo pipefail

needed=()
command -v borg >/dev/null || needed+=(borgbackup)
command -v restic >/dev/null || needed+=(restic)

if [ ${#needed[@]} -gt 0 ]; then
    line="apt-get install -y --no-install-recommends ${needed[*]}"
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "peers: installing ${needed[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        $line -qq >/dev/null
    else
        echo "peers: left out: ${needed[*]}; to have them, run as root: $line"
        exit 0
    fi
fi
borg --version
restic version
