/** Names of routing tables as iproute2 has them (ip-route(8), "rt_tables"): for `rt_table_lookup`. */
import { decodeText } from '../../lib/text.ts';
import type { Files } from '../../ports/files.ts';

const PLACES = ['/usr/share/iproute2/rt_tables', '/usr/lib/iproute2/rt_tables', '/etc/iproute2/rt_tables'];

export function readTableNames(files: Files): Readonly<Record<string, number>> {
  const names: Record<string, number> = {};
  for (const path of PLACES) {
    const content = files.read(path, 65_536);
    if (!content.ok) continue;
    for (const line of decodeText(content.value).split('\n')) {
      const [, number, name] = /^\s*(\d{1,10}|0x[0-9a-f]{1,8})\s+([^\s#]+)/i.exec(line) ?? [];
      if (number !== undefined && name !== undefined) names[name] = Number(number);
    }
  }
  return names;
}
