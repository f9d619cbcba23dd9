#!/bin/sh
# Runs a command beside a throwaway PostgreSQL server: its url is in THINGD_TEST_POSTGRES, and
# server and data are gone when the command ends.
#   scripts/postgres.sh cargo test
# The server listens on a socket in its own folder only, so that no port is needed. POSIX sh.
set -eu

[ $# -gt 0 ] || { echo "usage: scripts/postgres.sh COMMAND ..." >&2; exit 2; }

for found in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
    [ -x "$found/initdb" ] && bin=$found
done
if [ -z "${bin:-}" ] && command -v initdb >/dev/null; then bin=$(dirname "$(command -v initdb)"); fi
[ -n "${bin:-}" ] || { echo "scripts/postgres.sh: no PostgreSQL server (Debian: apt-get install postgresql)" >&2; exit 1; }

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

home=$(mktemp -d /tmp/thingd-pg.XXXXXX)
stop() {
    as_postgres "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$home"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

if [ "$(id -u)" = 0 ]; then chown postgres "$home"; fi
(
    cd "$home"
    as_postgres "$bin/initdb" -D "$home/data" -U thingd -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$home/log" 2>&1 &&
        # Nothing here outlives the command, so nothing needs to reach the disk.
        as_postgres "$bin/pg_ctl" -D "$home/data" -w -l "$home/server.log" -o "-k $home -c listen_addresses= \
            -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=500" \
            start >/dev/null
) || {
    cat "$home"/*log >&2
    echo "scripts/postgres.sh: PostgreSQL does not start" >&2
    exit 1
}

status=0
THINGD_TEST_POSTGRES="postgres://thingd@localhost/postgres?host=$home" "$@" || status=$?
exit "$status"
