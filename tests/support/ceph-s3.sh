#!/usr/bin/env bash
# A real, single-node Ceph (mon + osd + radosgw) as an S3 server on 127.0.0.1, for tests.
#   ceph-s3.sh start     start (idempotent), wait until S3 answers, print the settings
#   ceph-s3.sh stop      end only the processes recorded in $S3_DIR/run/*.pid
#   ceph-s3.sh reset     stop, then delete $S3_DIR
#   ceph-s3.sh env       print export lines for a shell
#   ceph-s3.sh status    running or not, memory
# No systemd, no docker, no mgr.  Everything it writes is under $S3_DIR.
set -euo pipefail

S3_DIR=${S3_DIR:-${TMPDIR:-/tmp}/ceph-s3}
S3_PORT=${S3_PORT:-7480}                 # S3 endpoint
S3_MON_PORT=${S3_MON_PORT:-40789}        # internal
S3_OSD_PORTS=${S3_OSD_PORTS:-"46800 46899"} # internal, "min max"
S3_ACCESS_KEY=${S3_ACCESS_KEY:-testaccesskey}
S3_SECRET_KEY=${S3_SECRET_KEY:-testsecretkey}
S3_REGION=${S3_REGION:-us-east-1}
S3_STORE=${S3_STORE:-bluestore}          # bluestore (sparse file) | memstore (RAM, lost on stop)
S3_SIZE_GB=${S3_SIZE_GB:-20}             # capacity; for memstore keep it below free RAM
S3_WAIT=${S3_WAIT:-90}                   # seconds
S3_TLS_PORT=${S3_TLS_PORT:-}             # optional https port; needs S3_TLS_CERT and S3_TLS_KEY (PEM files)

conf=$S3_DIR/ceph.conf; run=$S3_DIR/run; log=$S3_DIR/log
die() { echo "ceph-s3: $*" >&2; exit 1; }

alive() { # alive NAME: the recorded pid runs and is our daemon (guards against a reused pid)
  local pid; pid=$(cat "$run/$1.pid" 2>/dev/null) && [ -n "$pid" ] \
    && kill -0 "$pid" 2>/dev/null && grep -qaF -- "$conf" "/proc/$pid/cmdline"
}
c()  { timeout 60 ceph -c "$conf" "$@"; }

write_conf() {
  local fsid; fsid=$(cat /proc/sys/kernel/random/uuid)
  # Debian 13's default is a relative path, by which no class is found (EOPNOTSUPP).
  local classes; classes=$(echo /usr/lib/*/rados-classes)
  cat > "$conf" <<C
[global]
fsid = $fsid
mon host = v2:127.0.0.1:$S3_MON_PORT
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind port min = ${S3_OSD_PORTS% *}
ms bind port max = ${S3_OSD_PORTS#* }
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc
keyring = $S3_DIR/keyring
run dir = $run
admin socket = $run/\$name.asok
log file = $log/\$name.log
crash dir = $S3_DIR/crash
log max recent = 500
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon max pg per osd = 2000
paxos propose interval = 0.02
paxos min wait = 0.01
mon osd full ratio = 0.98
mon osd nearfull ratio = 0.97
mon osd backfillfull ratio = 0.975

[mon]
mon data = $S3_DIR/mon
mon cluster log file = $log/cluster.log
mon data avail crit = 1
mon data avail warn = 2
mon initial members = a

[mon.a]
host = localhost
mon addr = v2:127.0.0.1:$S3_MON_PORT

[osd]
osd data = $S3_DIR/osd
osd objectstore = $S3_STORE
osd memory target = 939524096
bluestore block create = true
bluestore block size = $((S3_SIZE_GB << 30))
bluestore fsck on mount = false
memstore device bytes = $((S3_SIZE_GB << 30))
osd class dir = $classes
osd class load list = *
osd class default list = *
osd crush update on start = true
osd scrub load threshold = 2000
osd scrub begin hour = 0
osd deep scrub interval = 31536000

[client]
rgw frontends = beast endpoint=127.0.0.1:$S3_PORT${S3_TLS_PORT:+ ssl_endpoint=127.0.0.1:$S3_TLS_PORT ssl_certificate=$S3_TLS_CERT ssl_private_key=$S3_TLS_KEY}
rgw dns name = localhost
rgw thread pool size = 64
rgw enable usage log = false
rgw enable ops log = false
rgw run sync thread = false
rgw enable quota threads = false
rgw dynamic resharding = false
rgw gc obj min wait = 30
rgw gc processor period = 30
rgw gc processor max time = 30
rgw s3 auth use keystone = false
rgw init timeout = 60
C
}

up() { # the S3 port answers HTTP
  timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" && printf "GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" >&3 &&
    read -r l <&3 && [[ $l == HTTP/* ]]' "$S3_PORT" 2>/dev/null
}

start_daemon() { # start_daemon NAME CMD...  in its own session, pid recorded
  local n=$1; shift
  setsid "$@" >>"$log/$n.out" 2>&1 </dev/null 9>&- &
  echo $! > "$run/$n.pid"
}

start() {
  command -v radosgw >/dev/null || die "radosgw is not installed: run tools/setup test"
  [ ${#S3_DIR} -lt 80 ] || die "S3_DIR is too long for unix sockets"
  mkdir -p "$run" "$log" "$S3_DIR/crash"
  exec 9>"$S3_DIR/lock"; flock -w $((S3_WAIT * 2)) 9 || die "another start is holding $S3_DIR/lock"
  local want="$S3_PORT $S3_MON_PORT $S3_OSD_PORTS $S3_ACCESS_KEY $S3_SECRET_KEY $S3_STORE $S3_SIZE_GB $S3_TLS_PORT"
  [ "$(cat "$S3_DIR/settings" 2>/dev/null || echo "$want")" = "$want" ] ||
    die "$S3_DIR was made with other settings: '$0 reset' with the old S3_DIR first"
  if alive mon && alive osd && alive rgw && up; then env_; return; fi
  local port; stop
  for port in "$S3_PORT" "$S3_MON_PORT"; do
    ! timeout 2 bash -c ': <"/dev/tcp/127.0.0.1/$0"' "$port" 2>/dev/null || die "port $port is in use"
  done
  if [ "$S3_STORE" = memstore ] && [ -e "$S3_DIR/mon/done" ]; then rm -rf "$S3_DIR/mon" "$S3_DIR/osd"; fi
  local fresh=
  if [ ! -e "$S3_DIR/osd/done" ]; then
    fresh=1; rm -rf "$S3_DIR/mon" "$S3_DIR/osd"; mkdir -p "$S3_DIR/mon" "$S3_DIR/osd"
    write_conf
    : > "$S3_DIR/keyring"
    ceph-authtool "$S3_DIR/keyring" --create-keyring --gen-key -n mon. --cap mon 'allow *' >/dev/null
    ceph-authtool "$S3_DIR/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mds 'allow *' --cap mgr 'allow *' >/dev/null
    ceph-authtool "$S3_DIR/keyring" --gen-key -n client.rgw --cap mon 'allow *' --cap osd 'allow *' >/dev/null
    local fsid; fsid=$(sed -n 's/^fsid = //p' "$conf")
    monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$S3_MON_PORT]" "$S3_DIR/monmap" >/dev/null
    ceph-mon -c "$conf" -i a --mkfs --monmap "$S3_DIR/monmap" --keyring "$S3_DIR/keyring"
  fi
  start_daemon mon ceph-mon -c "$conf" -i a -f
  local t=$((SECONDS + S3_WAIT))
  until c --connect-timeout 5 mon stat >/dev/null 2>&1; do
    alive mon || { tail -20 "$log/mon.out" >&2; die "ceph-mon died"; }
    [ $SECONDS -lt $t ] || die "ceph-mon is not answering"; sleep 0.2
  done
  if [ -n "$fresh" ]; then
    local u; u=$(cat /proc/sys/kernel/random/uuid)
    c osd new "$u" 0 >/dev/null
    ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$u" >>"$log/osd.out" 2>&1 || { tail -20 "$log/osd.out" >&2; die "osd mkfs"; }
  fi
  start_daemon osd ceph-osd -c "$conf" -i 0 -f
  until c osd stat 2>/dev/null | grep -q '1 up'; do
    alive osd || { tail -20 "$log/osd.out" >&2; die "ceph-osd died"; }
    [ $SECONDS -lt $t ] || die "ceph-osd is not up"; sleep 0.3
  done
  # user first: radosgw-admin also makes the default zone and its pools
  if [ -n "$fresh" ]; then
    timeout "$S3_WAIT" radosgw-admin -c "$conf" user create --uid=test --display-name=test \
      --access-key="$S3_ACCESS_KEY" --secret-key="$S3_SECRET_KEY" >"$log/user.json" 2>"$log/user.err" \
      || { tail -20 "$log/user.err" >&2; die "user create"; }
    # the data pools, now rather than inside the first test's first PUT
    local p; for p in control meta log buckets.index buckets.data buckets.non-ec; do
      printf 'osd pool create default.rgw.%s 8\nosd pool application enable default.rgw.%s rgw\n' $p $p
    done | c >"$log/pools.out" 2>&1 || true
  fi
  start_daemon rgw radosgw -c "$conf" -n client.rgw -f
  until up; do
    alive rgw || { tail -20 "$log/rgw.out" >&2; die "radosgw died"; }
    [ $SECONDS -lt $t ] || die "radosgw is not answering"; sleep 0.2
  done
  touch "$S3_DIR/osd/done" "$S3_DIR/mon/done"; (umask 077; echo "$want" > "$S3_DIR/settings")
  env_
}

stop() {
  local n pid i
  for n in rgw osd mon; do
    if alive $n; then
      pid=$(cat "$run/$n.pid"); kill -TERM "$pid" 2>/dev/null || true
      for i in $(seq 100); do alive $n || break; sleep 0.1; done
      if alive $n; then kill -KILL "$pid" 2>/dev/null || true; sleep 0.3; fi
    fi
    rm -f "$run/$n.pid"
  done
}

env_() {
  cat <<E
export AWS_ACCESS_KEY_ID=$S3_ACCESS_KEY
export AWS_SECRET_ACCESS_KEY=$S3_SECRET_KEY
export AWS_DEFAULT_REGION=$S3_REGION
export S3_ENDPOINT=http://127.0.0.1:$S3_PORT
E
}

status() {
  local n rc=0 pid
  for n in mon osd rgw; do
    if alive $n; then pid=$(cat "$run/$n.pid"); echo "$n pid $pid $(awk '/VmRSS/{print int($2/1024)" MiB"}' /proc/$pid/status)"
    else echo "$n down"; rc=1; fi
  done; return $rc
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  reset) stop; rm -rf "$S3_DIR" ;;
  env) env_ ;;
  status) status ;;
  *) sed -n '2,9p' "$0"; exit 2 ;;
esac
