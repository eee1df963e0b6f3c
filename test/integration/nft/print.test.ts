import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../unit/cli/run.ts';
import { LIST, load, PROGRAMS, runNft } from './namespace.ts';

/** What `hagw print nft` writes from files alone, real nft takes. */
const captures = join(import.meta.dirname, '../../captures/mwan3');
const recorded = (name: string, file: string) => readFileSync(join(captures, name, file), 'utf8');

describe.each(PROGRAMS)('$name', (program) => {
  it.each(['01-balanced-3-2', '06-rule-addresses', '11-ipset-src-iface', '21-five-wans'])(
    '%s',
    async (name) => {
      const files = { '/c/mwan3': recorded(name, 'mwan3'), '/c/network': recorded(name, 'network') };
      const { code, out, err } = await run(['print', 'nft', '--config', '/c'], undefined, files);
      expect(code, err).toBe(0);
      const [listing = ''] = runNft(program, [load(out), LIST]);
      expect(listing).toContain('chain rules4');
      expect(listing.match(/^\tchain /gm)).toHaveLength(out.match(/^\tchain /gm)?.length ?? 0);
    },
  );
});
