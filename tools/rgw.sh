#!/usr/bin/env bash
# A private Ceph object store for tests: one monitor, one store in memory, one S3 gateway.
#
#     tools/rgw.sh DIR
#
# All of it lies below DIR and listens on free ports of 127.0.0.1.  When it serves, one line says
# where: `ready http://127.0.0.1:PORT`.  It serves until its standard input ends, so that it never
# outlives whoever started it.  Users: owner / owner-secret, writer / writer-secret.
# Any user may run it; Ceph's own programs must be installed (tools/system.sh).
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: tools/rgw.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
mkdir "$dir"/{mon,osd,rgw,run,log}
export CEPH_CONF=$dir/ceph.conf

daemons=()
finish() {
    trap - EXIT
    [ ${#daemons[@]} -eq 0 ] || kill -9 "${daemons[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
}
trap finish EXIT
trap 'exit 143' INT TERM HUP

serve() {  # a daemon's output goes to a file: it must never hold the pipes of whoever started us
    local name=$1
    shift
    "$@" --foreground </dev/null >"$dir/log/$name.out" 2>&1 &
    daemons+=($!)
}

free_ports() {
    python3 - <<'PYTHON'
import socket
taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in taken))
PYTHON
}
read -r mon_port s3_port < <(free_ports)
fsid=$(cat /proc/sys/kernel/random/uuid)

cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon host = v2:127.0.0.1:$mon_port
mon initial members = a
public network = 127.0.0.0/8
ms bind ipv6 = false
# without cephx the gateway of release 16 loops for ever and never serves
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
keyring = $dir/keyring
run dir = $dir/run
admin socket = $dir/run/\$name.\$pid.asok
pid file = $dir/run/\$name.pid
log file = $dir/log/\$name.log
mon cluster log file = $dir/log/cluster.log
log to syslog = false
log to stderr = false
mon data = $dir/mon
mon data avail warn = 2
mon data avail crit = 1
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 2000
mon tick interval = 1
# pools are made one after the other, each waiting for the monitor: it need not wait for company
paxos propose interval = 0.05
paxos min wait = 0.01
osd data = $dir/osd
osd journal = $dir/osd/journal
osd objectstore = memstore
memstore device bytes = 2147483648
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd heartbeat interval = 3
osd class load list = *
osd class default list = *
rgw data = $dir/rgw
rgw frontends = beast endpoint=127.0.0.1:$s3_port
rgw override bucket index max shards = 1
rgw enable usage log = false
CONF

(
    ceph-authtool "$dir/keyring" --create-keyring --gen-key -n mon. --cap mon 'allow *'
    ceph-authtool "$dir/keyring" --gen-key -n client.admin \
        --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
    monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon_port]" "$dir/monmap"
    ceph-mon -i a --mkfs --monmap "$dir/monmap" --keyring "$dir/keyring"
) >"$dir/log/setup.out" 2>&1
serve mon ceph-mon -i a

uuid=$(cat /proc/sys/kernel/random/uuid)
key=$(ceph-authtool --gen-print-key)
id=$(echo "{\"cephx_secret\": \"$key\"}" | ceph osd new "$uuid" -i - 2>>"$dir/log/setup.out")
(
    ceph-authtool "$dir/osd/keyring" --create-keyring -n "osd.$id" --add-key "$key"
    ceph-osd -i "$id" --mkfs --osd-uuid "$uuid" --keyring "$dir/osd/keyring"
) >>"$dir/log/setup.out" 2>&1
serve osd ceph-osd -i "$id" --keyring "$dir/osd/keyring"
serve rgw radosgw -n client.admin --keyring "$dir/keyring"

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$s3_port") 2>/dev/null; }
for _ in $(seq 600); do
    answers && break
    sleep 0.05
done
answers || { echo "tools/rgw.sh: the gateway does not answer; see $dir/log" >&2; exit 1; }

for user in owner writer; do
    radosgw-admin user create --uid "$user" --display-name "$user" \
        --access-key "$user" --secret-key "$user-secret" >>"$dir/log/setup.out" 2>&1
done
echo "ready http://127.0.0.1:$s3_port"
cat >/dev/null
