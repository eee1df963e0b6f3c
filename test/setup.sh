#!/bin/sh
# What the lab and the tests need beside npm's packages: Debian packages on this machine and the lab's root.
# What is there already is not fetched again. Called by make; runs by itself, too.
set -eu
cd "$(dirname "$0")/.."

# mmdebstrap makes the lab's root, iproute2 and nftables its networks, chromium shows the page, the rest is nearly always there.
packages='mmdebstrap iproute2 nftables chromium util-linux mount tar ca-certificates'

say() { echo "setup: $*" >&2; }

if ! command -v apt-get >/dev/null 2>&1 || ! grep -qsE '^ID(_LIKE)?=.*debian' /etc/os-release; then
	say "the lab needs Debian or a system made of it (apt-get); 'npm test' runs the unit part on any system with Node 20."
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	say "the lab makes network namespaces and needs root: sudo make $*. 'npm test' runs the unit part without."
	exit 1
fi

missing=
for package in $packages; do
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
if [ -n "$missing" ]; then
	say "installing$missing"
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of names
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

mkdir -p build/lab
test/lab/rootfs.sh "$PWD/build/lab/rootfs"
