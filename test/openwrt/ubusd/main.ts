/**
 * Stand-in for ubusd, wire-compatible with the recordings of test/captures/ubus.
 *
 *     ubusd [-s SOCKET] [-A ACL_FOLDER] [--user USER:GROUP=SOCKET]…
 *
 * SIGHUP reads the ACL files again; SIGTERM and SIGINT end it. Simpler than the real one: it passes no file
 * descriptors, `ubus.acl query` lists no rules and `ubus.acl.sequence` is not sent; a client's uid is asked of the
 * kernel through perl (see credentials.ts), which delays its HELLO by 2 to 3 ms. `--user` opens a further socket at which
 * everybody is that user (uid 0 if it is root): for tests with accounts that the machine does not have.
 */
import { parseArgs } from 'node:util';
import { type Listening, startUbusd } from './server.ts';

/** Any uid but 0: rights go by names. */
const SOME_UID = 65_533;

function fixedUser(text: string): Listening {
  const [, user, group, path] = /^([^:=]+):([^:=]+)=(.+)$/.exec(text) ?? [];
  if (user === undefined || group === undefined || path === undefined) {
    process.stderr.write(`ubusd: --user wants USER:GROUP=SOCKET, not ${text}.\n`);
    process.exit(1);
  }
  return { path, user: { uid: user === 'root' ? 0 : SOME_UID, user, group } };
}

const { values } = parseArgs({
  options: {
    s: { type: 'string', short: 's', default: '/var/run/ubus/ubus.sock' },
    A: { type: 'string', short: 'A', default: '/usr/share/acl.d' },
    user: { type: 'string', multiple: true, default: [] },
  },
});
const ubusd = await startUbusd([{ path: values.s }, ...values.user.map(fixedUser)], values.A);
process.on('SIGHUP', () => {
  for (const complaint of ubusd.acl.load(values.A)) process.stderr.write(`ubusd: ${complaint}\n`);
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void ubusd.close().then(() => process.exit(0)));
}
