# The shell side of procd: what an init script with USE_PROCD=1 calls to describe its instances and triggers. Everything
# is gathered into one call of service set (start) or service delete (stop), in the order that the recordings show.
#
# Simpler than the real one: no jails, no seccomp, no validation, no mount or device triggers; parameters of these kinds
# are passed on to procd, which ignores them.

. /usr/share/libubox/jshn.sh

# Milliseconds between the last event and the reload; a script's service_triggers may set another.
PROCD_RELOAD_DELAY=1000

_procd_call() {
	local reply status
	reply="$(ubus call service "$1" "$JSON_TEXT$JSON_CLOSERS" 2>/dev/null)"
	status=$?
	[ -n "$reply" ] && printf '%s\n' "$reply"
	return $status
}

# One init script at a time per service: a start waits for a stop that still runs.
procd_lock() {
	mkdir -p /var/lock
	exec 9>"/var/lock/procd_$(basename "$initscript").lock"
	flock 9
}

procd_open_service() {
	json_init
	json_add_string name "$1"
	[ -n "$2" ] && json_add_string script "$2"
	json_add_object instances
	_procd_instances=0
}

procd_close_service() {
	json_close_object
	json_add_array triggers
	service_triggers
	json_close_array
	type service_data >/dev/null 2>&1 && {
		json_add_object data
		service_data
		json_close_object
	}
	_procd_call "${1:-set}" >/dev/null
}

procd_open_instance() {
	_procd_instances=$((_procd_instances + 1))
	_procd_instance="${1:-instance$_procd_instances}"
	_procd_names=''
}

# Sets _procd_fragment to the JSON members that a parameter's words make.
_procd_encode() {
	local kind="$1" word
	shift
	_procd_fragment=''
	for word in "$@"; do
		case "$kind" in
			table)
				_json_quote "${word%%=*}"
				_procd_fragment="$_procd_fragment,$_json_quoted:"
				_json_quote "${word#*=}"
				_procd_fragment="$_procd_fragment$_json_quoted"
				;;
			*)
				_json_quote "$word"
				_procd_fragment="$_procd_fragment,$_json_quoted"
				;;
		esac
	done
	_procd_fragment="${_procd_fragment#,}"
}

_procd_kind() {
	case "$1" in
		env | data | limits) echo table ;;
		command | netdev | file | respawn | watch | watchdog | error) echo array ;;
		nice | term_timeout | reload_signal) echo int ;;
		stdout | stderr | no_new_privs) echo boolean ;;
		*) echo string ;;
	esac
}

procd_set_param() {
	local name="$1" kind
	shift
	kind="$(_procd_kind "$name")"
	# threshold, timeout in s, number of retries
	[ "$name" = respawn ] && set -- "${1:-3600}" "${2:-5}" "${3:-5}"
	case "$kind" in
		table | array) _procd_encode "$kind" "$@" ;;
		int) _procd_fragment="$(($1))" ;;
		boolean) [ "${1:-0}" = 1 ] && _procd_fragment=true || _procd_fragment=false ;;
		string)
			_json_quote "$1"
			_procd_fragment="$_json_quoted"
			;;
	esac
	case " $_procd_names " in
		*" $name "*) ;;
		*) _procd_names="$_procd_names $name" ;;
	esac
	eval "_procd_value_$name=\$_procd_fragment"
}

procd_append_param() {
	local name="$1" kind old
	case " $_procd_names " in
		*" $name "*) ;;
		*)
			procd_set_param "$@"
			return
			;;
	esac
	shift
	kind="$(_procd_kind "$name")"
	_procd_encode "$kind" "$@"
	eval "old=\$_procd_value_$name"
	eval "_procd_value_$name=\"\$old\${old:+,}\$_procd_fragment\""
}

procd_close_instance() {
	local name value
	json_add_object "$_procd_instance"
	for name in $_procd_names; do
		eval "value=\$_procd_value_$name"
		case "$(_procd_kind "$name")" in
			table) _json_add_raw "$name" "{$value}" ;;
			array) _json_add_raw "$name" "[$value]" ;;
			*) _json_add_raw "$name" "$value" ;;
		esac
	done
	json_close_object
}

_procd_add_script() {
	local word
	json_add_array ''
	json_add_string '' run_script
	for word in "$@"; do json_add_string '' "$word"; done
	json_close_array
}

# EVENT NAME-OF-ARGUMENT VALUE SCRIPT [ARGUMENTS]: runs the script when an event's argument has that value.
_procd_add_if_trigger() {
	local event="$1" argument="$2" value="$3"
	shift 3
	json_add_array ''
	json_add_string '' "$event"
	json_add_array ''
	json_add_string '' if
	json_add_array ''
	json_add_string '' eq
	json_add_string '' "$argument"
	json_add_string '' "$value"
	json_close_array
	_procd_add_script "$@"
	json_close_array
	[ "$PROCD_RELOAD_DELAY" -gt 0 ] && json_add_int '' "$PROCD_RELOAD_DELAY"
	json_close_array
}

procd_add_config_trigger() {
	local event="$1" package="$2"
	shift 2
	_procd_add_if_trigger "$event" package "$package" "$@"
}

procd_add_interface_trigger() {
	local event="$1" interface="$2"
	shift 2
	_procd_add_if_trigger "$event" interface "$interface" "$@"
}

procd_add_reload_trigger() {
	local package
	for package in "$@"; do
		_procd_add_if_trigger config.change package "$package" "$initscript" reload
	done
}

procd_add_restart_trigger() {
	local package
	for package in "$@"; do
		_procd_add_if_trigger config.change package "$package" "$initscript" restart
	done
}

procd_add_reload_interface_trigger() {
	_procd_add_if_trigger 'interface.*' interface "$1" "$initscript" reload
}

# EVENT-PATTERN DELAY-IN-MS SCRIPT [ARGUMENTS]
procd_add_raw_trigger() {
	json_add_array ''
	json_add_string '' "$1"
	local delay="$2"
	shift 2
	json_add_array ''
	_procd_add_script "$@"
	json_close_array
	json_add_int '' "$delay"
	json_close_array
}

procd_open_trigger() { :; }
procd_close_trigger() { :; }
procd_open_validate() { :; }
procd_close_validate() { :; }

procd_kill() {
	json_init
	[ -n "$1" ] && json_add_string name "$1"
	[ -n "$2" ] && json_add_string instance "$2"
	_procd_call delete >/dev/null
}

# SERVICE [INSTANCE or *] [SIGNAL by number or name without SIG]
procd_send_signal() {
	local signal="$3"
	case "$signal" in
		HUP) signal=1 ;;
		INT) signal=2 ;;
		QUIT) signal=3 ;;
		KILL) signal=9 ;;
		USR1) signal=10 ;;
		USR2) signal=12 ;;
		TERM) signal=15 ;;
		*[!0-9]*) return 1 ;;
	esac
	json_init
	json_add_string name "$1"
	[ -n "$2" ] && [ "$2" != '*' ] && json_add_string instance "$2"
	[ -n "$signal" ] && json_add_int signal "$signal"
	_procd_call signal >/dev/null
}

_procd_list() {
	json_init
	json_add_string name "$1"
	_procd_call list
}

# Whether an instance (any, or the one named) runs.
procd_running() {
	local list
	list="$(_procd_list "$1")"
	[ -n "$2" ] && [ "$2" != '*' ] && {
		case "$list" in
			*"\"$2\": {"*) list="${list#*"\"$2\": {"}" list="${list%%'"command"'*}" ;;
			*) return 1 ;;
		esac
	}
	case "$list" in
		*'"running": true'*) return 0 ;;
	esac
	return 1
}

# Prints what a person wants to know; the exit status is the one the LSB gives (0 running, 3 not).
_procd_status() {
	local list
	list="$(_procd_list "$1")"
	case "$list" in
		*'"running": true'*) echo running ;;
		*'"running": false'*)
			echo 'not running'
			return 5
			;;
		*"\"$1\":"*) echo 'active with no instances' ;;
		*)
			echo inactive
			return 3
			;;
	esac
}
