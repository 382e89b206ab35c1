#!/usr/bin/env bash
# The Debian packages that the environment and the tests need.  Root installs them; anybody else is
# told the one line to run, and set-up goes on with what is there.
set -euo pipefail

declare -A needed=()
python=$(command -v "${PYTHON:-python3.11}" || command -v python3 || true)
if [ -z "$python" ]; then
    needed[python3]=1
    needed[python3-venv]=1
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    needed[python3-venv]=1
fi
command -v git >/dev/null || needed[git]=1
command -v strace >/dev/null || needed[strace]=1  # tests/crash, tests/faults: at system calls
command -v mkfs.xfs >/dev/null || needed[xfsprogs]=1  # tests/faults: power cuts
for program in radosgw ceph-mon ceph-osd; do  # tools/rgw.sh: the S3 service that tests judge by
    command -v "$program" >/dev/null || needed[$program]=1
done
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || needed[postgresql]=1  # tests start their own
for program in mariadbd mariadb-install-db; do  # without the package that starts a server
    [ -x /usr/sbin/$program ] || [ -x /usr/bin/$program ] || needed[mariadb-server-core]=1
done
command -v mariadb >/dev/null || needed[mariadb-client-core]=1
command -v openssl >/dev/null || needed[openssl]=1  # tests make servers' certificates
[ -x /usr/sbin/exim4 ] || needed[exim4-daemon-heavy]=1  # tests/servers/mail.py starts its own
[ -x /usr/sbin/dovecot ] || needed[dovecot-imapd]=1
[ -x /usr/lib/dovecot/lmtp ] || needed[dovecot-lmtpd]=1
[ -x /usr/bin/chromium ] || needed[chromium]=1  # tests/browser: what people see
# reports/: letters as PDF, and charts with Chinese words
for library in libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0; do
    ls /usr/lib/*/$library >/dev/null 2>&1 && continue
    case $library in
        libpango-1.0*) needed[libpango-1.0-0]=1 ;;
        libpangoft2*) needed[libpangoft2-1.0-0]=1 ;;
        *) needed[libharfbuzz-subset0]=1 ;;
    esac
done
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || needed[fonts-noto-cjk]=1

[ ${#needed[@]} -gt 0 ] || exit 0
# Nothing is removed for it: a machine that has a mail server of its own keeps it.
line="apt-get install -y --no-install-recommends --no-remove ${!needed[*]}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing ${!needed[*]}"
    export DEBIAN_FRONTEND=noninteractive
    if [ -n "${needed[postgresql]:-}" ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        mkdir -p /etc/postgresql-common  # the programs are wanted, not a server that runs
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    fi
    if [ ! -e /usr/sbin/policy-rc.d ]; then  # nor is a daemon started that is only to be there
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
    fi
    apt-get update -qq
    $line -qq
else
    echo "setup: please run as root, then try again:"
    echo "    $line"
    [ -n "$python" ] || exit 1
fi
