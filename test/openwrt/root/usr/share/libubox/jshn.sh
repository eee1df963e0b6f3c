# Builds JSON in shell variables: the writing half of OpenWrt's jshn, under its names. It does not parse (json_load,
# json_get_var and json_select have no counterpart here), and each json_add_* writes at once, in the order of the calls.

_json_newline='
'

# Sets _json_quoted to the JSON string of $1 (RFC 8259, section 7). No process is started.
_json_quote() {
	local rest="$1" head tail char
	_json_quoted='"'
	while :; do
		case "$rest" in
			*[\\\"[:cntrl:]]*) ;;
			*) break ;;
		esac
		head="${rest%%[\\\"[:cntrl:]]*}"
		tail="${rest#"$head"}"
		rest="${tail#?}"
		char="${tail%"$rest"}"
		case "$char" in
			'"') char='\"' ;;
			\\) char='\\' ;;
			"$_json_newline") char='\n' ;;
			'	') char='\t' ;;
			*) char="$(printf '\\u%04x' "'$char")" ;;
		esac
		_json_quoted="$_json_quoted$head$char"
	done
	_json_quoted="$_json_quoted$rest\""
}

json_init() {
	JSON_TEXT='{'
	JSON_CLOSERS='}'
	JSON_EMPTY=1
}

# The comma and, in an object, the name of the next member.
_json_member() {
	[ "$JSON_EMPTY" = 1 ] || JSON_TEXT="$JSON_TEXT,"
	JSON_EMPTY=0
	case "$JSON_CLOSERS" in
		'}'*)
			_json_quote "$1"
			JSON_TEXT="$JSON_TEXT$_json_quoted:"
			;;
	esac
}

_json_open() {
	_json_member "$1"
	JSON_TEXT="$JSON_TEXT$2"
	JSON_CLOSERS="$3$JSON_CLOSERS"
	JSON_EMPTY=1
}

_json_close() {
	JSON_TEXT="$JSON_TEXT${JSON_CLOSERS%"${JSON_CLOSERS#?}"}"
	JSON_CLOSERS="${JSON_CLOSERS#?}"
	JSON_EMPTY=0
}

json_add_object() { _json_open "$1" '{' '}'; }
json_close_object() { _json_close; }
json_add_array() { _json_open "$1" '[' ']'; }
json_close_array() { _json_close; }

json_add_string() {
	_json_member "$1"
	_json_quote "$2"
	JSON_TEXT="$JSON_TEXT$_json_quoted"
}

# A word that is no integer becomes 0, as with the real one.
json_add_int() {
	_json_member "$1"
	case "${2#-}" in
		'' | *[!0-9]*) JSON_TEXT="${JSON_TEXT}0" ;;
		*) JSON_TEXT="$JSON_TEXT$2" ;;
	esac
}

json_add_boolean() {
	_json_member "$1"
	case "$2" in
		1 | true) JSON_TEXT="${JSON_TEXT}true" ;;
		*) JSON_TEXT="${JSON_TEXT}false" ;;
	esac
}

# Adds text that is JSON already. Not in the real one; for our own scripts.
_json_add_raw() {
	_json_member "$1"
	JSON_TEXT="$JSON_TEXT$2"
}

json_dump() { printf '%s\n' "$JSON_TEXT$JSON_CLOSERS"; }
