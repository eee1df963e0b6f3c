#!/bin/sh
# Makes the root file system that the lab's routers share: test/lab/rootfs.sh DIR
# Debian trixie has the versions that OpenWrt ships (keepalived 2.3.3, conntrackd 1.4.8, nft 1.1.3, dnsmasq 2.91). nodejs is
# for the stand-ins of OpenWrt's daemons only. Packages come from the mirror that this machine's apt already uses.
set -eu
dir=$1
packages=quickjs,keepalived,conntrackd,conntrack,dnsmasq-base,nftables,iproute2,socat,busybox,iputils-ping,fping,dropbear-bin,procps,netbase,tcpdump,udhcpc,isc-dhcp-client,nodejs
stamp="trixie $packages"
[ "$(cat "$dir/.stamp" 2>/dev/null)" = "$stamp" ] && exit 0
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1)
[ -n "$mirror" ] || { echo "rootfs: apt has no Debian mirror in its sources" >&2; exit 1; }
rm -rf "$dir.new"
mkdir -p "$(dirname "$dir")"
mmdebstrap --quiet --variant=minbase --include="$packages" trixie "$dir.new" "deb $mirror trixie main"
echo "$stamp" >"$dir.new/.stamp"
rm -rf "$dir"
mv "$dir.new" "$dir"
