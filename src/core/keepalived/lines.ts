/** Lines of a keepalived.conf as OpenWrt's init script lays them out: tabs, `{`, `}`, an empty line after a block. */
import { splitWords, textOf, type UciSection } from './uci.ts';

/** `NAME VALUE` of each option that is set; a value of several words stands in double quotes, unescaped. */
export function settings(section: UciSection, indent: string, options: readonly string[]): readonly string[] {
  return options.flatMap((option) => {
    const value = textOf(section, option);
    if (value === '') return [];
    return [`${indent}${option} ${splitWords(value).length > 1 ? `"${value}"` : value}`];
  });
}

/** The bare name of each flag that is set, **also to 0**: the script looks no further. */
export function flags(section: UciSection, indent: string, options: readonly string[]): readonly string[] {
  return options.filter((option) => textOf(section, option) !== '').map((option) => `${indent}${option}`);
}

/** What keepalived runs at a change: hotplug.d/keepalived with an empty environment but these. */
export function notifyLine(event: string, type: string, name: string, indent: string): string {
  const environment = `ACTION=${event.toUpperCase()} TYPE=${type} NAME=${name}`;
  return `${indent}${event} "/bin/busybox env -i ${environment} /sbin/hotplug-call keepalived"`;
}

/** A block at the top level, an empty line after it. */
export function topBlock(head: string, body: readonly string[]): readonly string[] {
  return [`${head} {`, ...body, '}', ''];
}
