#!/bin/sh
# dnsmasq's script (dnsmasq(8), --dhcp-script): hands lease, TFTP and neighbour events to the hotplug handlers.

action="$1"
shift
export PATH=/usr/sbin:/usr/bin:/sbin:/bin USER=root HOME=/root
case "$action" in
	add | del | old)
		case "$action" in
			add) ACTION=add ;;
			del) ACTION=remove ;;
			old) ACTION=update ;;
		esac
		export ACTION MACADDR="$1" IPADDR="$2" HOSTNAME="$3"
		type=dhcp
		;;
	arp-add | arp-del)
		case "$action" in
			arp-add) ACTION=add ;;
			arp-del) ACTION=remove ;;
		esac
		export ACTION MACADDR="$1" IPADDR="$2" HOSTNAME="$3"
		type=neigh
		;;
	tftp)
		export ACTION=add TFTP_SIZE="$1" TFTP_ADDR="$2" TFTP_PATH="$3"
		type=tftp
		;;
	*) exit 0 ;;
esac
[ -d "/etc/hotplug.d/$type" ] || exit 0
exec /sbin/hotplug-call "$type"
