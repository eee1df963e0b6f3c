# OpenWrt's shell library, as far as scripts of this project use it: UCI into variables (config_*), and what opkg's
# default scripts do after the installation and before the removal of a package. There are no callbacks (config_cb,
# option_cb) and no image-building paths beyond IPKG_INSTROOT for enable and disable.

CONFIG_SECTIONS=''

# The words of `uci -n export`, which is shell: package, config, option, list.
package() { :; }

config() {
	CONFIG_SECTION="$2"
	CONFIG_SECTIONS="$CONFIG_SECTIONS $2"
	eval "CONFIG_${2}_TYPE=\$1"
}

option() {
	eval "CONFIG_${CONFIG_SECTION}_$1=\$2"
}

list() {
	local name="CONFIG_${CONFIG_SECTION}_$1" length old
	eval "length=\${${name}_LENGTH:-0} old=\${$name-}"
	length=$((length + 1))
	eval "${name}_ITEM$length=\$2 ${name}_LENGTH=$length $name=\"\$old\${old:+ }\$2\""
}

_config_forget() {
	local variable
	for variable in $(set | sed -n 's/^\(CONFIG_[A-Za-z0-9_]*\)=.*/\1/p'); do
		unset "$variable"
	done
	CONFIG_SECTIONS=''
}

# Fails if the package is missing or cannot be parsed; earlier contents are forgotten either way.
config_load() {
	local text
	_config_forget
	text="$(uci -q -n export "$1")" || return 1
	eval "$text"
}

# VARIABLE SECTION OPTION [DEFAULT], or SECTION OPTION to print it
config_get() {
	case "$2${3:-$1}" in
		*[!A-Za-z0-9_]*)
			eval "$1=\${4-}"
			return
			;;
	esac
	case "$3" in
		'') eval "echo \"\${CONFIG_${1}_${2}:-}\"" ;;
		*) eval "$1=\${CONFIG_${2}_${3}:-\${4-}}" ;;
	esac
}

config_get_bool() {
	local _value
	config_get _value "$2" "$3" "$4"
	case "$_value" in
		1 | on | true | yes | enabled) _value=1 ;;
		0 | off | false | no | disabled) _value=0 ;;
		*) _value="$4" ;;
	esac
	eval "$1=\$_value"
}

config_set() { eval "CONFIG_${1}_$2=\$3"; }

# FUNCTION [TYPE [ARGUMENTS]]: calls FUNCTION SECTION ARGUMENTS for each section (of that type).
config_foreach() {
	local _function="$1" _type="$2" _section _is
	[ $# -ge 1 ] && shift
	[ $# -ge 1 ] && shift
	for _section in $CONFIG_SECTIONS; do
		eval "_is=\$CONFIG_${_section}_TYPE"
		[ -n "$_type" ] && [ "$_type" != "$_is" ] && continue
		"$_function" "$_section" "$@"
	done
}

# SECTION LIST FUNCTION [ARGUMENTS]: calls FUNCTION ITEM ARGUMENTS for each item; an option counts as one item per word.
config_list_foreach() {
	local _section="$1" _list="$2" _function="$3" _length _index=1 _item
	shift 3
	eval "_length=\${CONFIG_${_section}_${_list}_LENGTH:-0}"
	if [ "$_length" -eq 0 ]; then
		config_get _item "$_section" "$_list"
		for _item in $_item; do "$_function" "$_item" "$@"; done
		return 0
	fi
	while [ "$_index" -le "$_length" ]; do
		eval "_item=\$CONFIG_${_section}_${_list}_ITEM$_index"
		"$_function" "$_item" "$@"
		_index=$((_index + 1))
	done
}

_package_files() {
	cat "$IPKG_INSTROOT/usr/lib/opkg/info/$1.list" "$IPKG_INSTROOT/lib/apk/packages/$1.list" 2>/dev/null
}

# `Require-User: NAME=UID:GROUP=GID` of the package's control file; ids are left to be found when they are missing.
_package_users() {
	local entry user group
	for entry in $(sed -n 's/^Require-User: *//p' "$IPKG_INSTROOT/usr/lib/opkg/info/$1.control" 2>/dev/null); do
		user="${entry%%:*}" group="${entry#*:}"
		case "$entry" in *:*) ;; *) group="$user" ;; esac
		_package_group "${group%%=*}" "${group#*=}"
		_package_user "${user%%=*}" "${user#*=}" "${group%%=*}"
	done
}

_free_id() {
	local id="${1:-65536}"
	case "$id" in *[!0-9]*) id=65536 ;; esac
	while cut -d: -f3 "$2" | grep -qx "$id"; do id=$((id + 1)); done
	echo "$id"
}

_package_group() {
	grep -q "^$1:" /etc/group && return
	echo "$1:x:$(_free_id "$2" /etc/group):" >>/etc/group
}

_package_user() {
	local gid
	grep -q "^$1:" /etc/passwd && return
	gid="$(sed -n "s/^$3:[^:]*:\([0-9]*\):.*/\1/p" /etc/group)"
	echo "$1:x:$(_free_id "$2" /etc/passwd):$gid:$1:/var/run/$1:/bin/false" >>/etc/passwd
	[ -f /etc/shadow ] && echo "$1:x:0:0:99999:7:::" >>/etc/shadow
}

# opkg calls it with the path of the package's postinst: accounts, uci-defaults, init scripts enabled and started.
default_postinst() {
	local name script
	name="$(basename "${1%.*}")"
	_package_users "$name"
	for script in $(_package_files "$name" | grep '^/etc/uci-defaults/'); do
		[ -f "$script" ] && (. "$script") && rm -f "$script"
	done
	for script in $(_package_files "$name" | grep '^/etc/init.d/'); do
		[ "$PKG_UPGRADE" = 1 ] || "$script" enable
		[ -n "$IPKG_INSTROOT" ] || "$script" start
	done
	return 0
}

default_prerm() {
	local name script
	name="$(basename "${1%.*}")"
	for script in $(_package_files "$name" | grep '^/etc/init.d/'); do
		[ "$PKG_UPGRADE" = 1 ] || "$script" disable
		[ -n "$IPKG_INSTROOT" ] || "$script" stop
	done
	return 0
}
