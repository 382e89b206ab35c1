#!/bin/sh
# Runs the kit on Linux with the packages that lie beside it; nothing is installed.
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH="$here/packages/linux_x86_64" exec "${PYTHON:-python3.11}" "$here/restore_kit.py" "$@"
