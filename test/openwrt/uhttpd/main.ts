/**
 * Stand-in for uhttpd with its ubus plugin (recordings test/captures/rpcd/02, 07 to 11).
 *
 *     uhttpd [-f] [-h DOCUMENT_ROOT] [-p [ADDRESS:]PORT]… [-U UBUS_SOCKET]
 *
 * Without `-p` it listens where /etc/config/uhttpd, section main, says (list `listen_http`), else on port 80. Simpler than
 * the real one: no TLS, no CGI but LuCI's dispatcher (its own module), no CORS, HTTP parsing and connection headers are Node's,
 * the limit of a body is 65000 bytes.
 */
import { parseArgs } from 'node:util';
import { createUciStore, findSection, optionList } from 'uci-parser';
import { nodeFiles } from '../common/files.ts';
import { type Listening, startUhttpd } from './server.ts';

function listening(text: string): Listening {
  const [, host, digits] = /^(?:\[?([^\]]*)\]?:)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    process.stderr.write(`uhttpd: -p wants [ADDRESS:]PORT, not ${text}.\n`);
    process.exit(1);
  }
  return host === undefined || host === '' ? { port } : { host, port };
}

function configured(): string[] {
  const config = createUciStore(nodeFiles).load('uhttpd');
  const main = config.ok ? findSection(config.value, 'main') : undefined;
  const listed = main === undefined ? [] : optionList(main, 'listen_http');
  // One socket on :: takes IPv4 too: 0.0.0.0 and :: of one port are one.
  const ports = listed.map((one) => one.replace(/^(0\.0\.0\.0|\[::\]):/, ''));
  return ports.length > 0 ? [...new Set(ports)] : ['80'];
}

const { values } = parseArgs({
  options: {
    f: { type: 'boolean', short: 'f' },
    h: { type: 'string', short: 'h', default: '/www' },
    p: { type: 'string', short: 'p', multiple: true },
    U: { type: 'string', short: 'U', default: '/var/run/ubus/ubus.sock' },
  },
});
try {
  const uhttpd = await startUhttpd({
    socket: values.U,
    documentRoot: values.h,
    menuFolder: '/usr/share/luci/menu.d',
    listen: (values.p ?? configured()).map(listening),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void uhttpd.close().then(() => process.exit(0)));
  }
} catch (error) {
  process.stderr.write(`uhttpd: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
