#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing: deps.sh SET ..., with the sets below. Says what it installs; as
# root, or through sudo -n; without either it prints the one line to run and exits 2.
set -eu

build='gcc libc6-dev libelf-dev libdw-dev libcapstone-dev libarchive-dev libxxhash-dev libjansson-dev libiberty-dev
	zlib1g-dev'
static='libzstd-dev liblz4-dev libbz2-dev liblzma-dev'
demo='gdb python3 util-linux'
test='g++ musl-tools rustc golang-go clang libclang-rt-dev llvm libcmocka-dev gdb gdbserver tmux libc6-dbg python3 python3-jsonschema zstd lz4 xz-utils bzip2 gzip
	binutils elfutils dwz man-db zsh graphviz util-linux apt dpkg ca-certificates'
go_layout='python3-pyelftools golang-go gcc libc6-dev clang-format apt dpkg'
lint='clang-format python3 shellcheck'
bench='elfutils gdb gdbserver libc6-dbg python3'
soak='gdb libc6-dbg python3 util-linux'
soak_chromium='chromium'
soak_mariadb='mariadb-server-core mariadb-client-core'
soak_memcached='memcached'
soak_nginx='nginx'
soak_postgresql='postgresql'
soak_redis='redis-server redis-tools'

want=
for set in "$@"; do
	case $set in
	build) want="$want $build" ;;
	static) want="$want $static" ;;
	demo) want="$want $demo" ;;
	test) want="$want $test" ;;
	go-layout) want="$want $go_layout" ;;
	lint) want="$want $lint" ;;
	bench) want="$want $bench" ;;
	soak) want="$want $soak" ;;
	soak-chromium) want="$want $soak_chromium" ;;
	soak-mariadb) want="$want $soak_mariadb" ;;
	soak-memcached) want="$want $soak_memcached" ;;
	soak-nginx) want="$want $soak_nginx" ;;
	soak-postgresql) want="$want $soak_postgresql" ;;
	soak-redis) want="$want $soak_redis" ;;
	*) echo "deps.sh: no such set: $set" >&2; exit 2 ;;
	esac
done
command -v dpkg-query >/dev/null || exit 0 # not Debian: the compiler will name what is missing

missing=
for package in $want; do
	case " $missing " in *" $package "*) continue ;; esac
	# "not-installed" is a status too.
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	run=
elif sudo -n true 2>/dev/null; then
	run='sudo -n'
else
	echo "These packages are missing; install them with" >&2
	echo "  apt-get install --no-install-recommends$missing" >&2
	exit 2
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# No package starts a service while it is installed: what a test needs it starts itself.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	$run sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
	# shellcheck disable=SC2064 # as they are now
	trap "$run rm -f $policy" EXIT
fi
# shellcheck disable=SC2086 # words are wanted
$run apt-get -qq update || echo "apt-get update failed; trying with the lists that are here" >&2
# shellcheck disable=SC2086
$run apt-get -qq install -y --no-install-recommends $missing >/dev/null
