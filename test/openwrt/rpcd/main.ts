/**
 * Stand-in for rpcd: objects `session`, `uci`, `rc`, `file` (recordings test/captures/rpcd).
 *
 *     rpcd [-s SOCKET] [-t SECONDS]
 *
 * `-t` limits what it executes (default 120). ACL files and accounts are read at each login, as by the real one; SIGHUP
 * reads the rights of the null session again. Simpler: no plugins, no objects `luci` and `rpc-sys`, sessions do not
 * outlive it.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startRpcd } from './server.ts';

const { values } = parseArgs({
  options: {
    s: { type: 'string', short: 's', default: '/var/run/ubus/ubus.sock' },
    t: { type: 'string', short: 't', default: '120' },
  },
});
const seconds = Number(values.t);
if (!(seconds > 0 && seconds < 86_400)) {
  process.stderr.write(`rpcd: -t wants a number of seconds, not ${values.t}.\n`);
  process.exit(1);
}
mkdirSync('/var/run/rpcd', { recursive: true, mode: 0o700 });
const rpcd = startRpcd({ socket: values.s, root: '', execLimitMs: seconds * 1000 });
process.on('SIGHUP', () => rpcd.reload());
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    rpcd.close();
    process.exit(0);
  });
}
