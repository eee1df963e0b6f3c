/** The command `ubus` on Node. */
import { runUbus } from '@openwrt/ubus-client/cli';
import { createNodeRuntime } from './adapters/node/runtime.ts';
import { ubusIo } from './adapters/ubus-io.ts';

const runtime = createNodeRuntime();
void runUbus(runtime.args, ubusIo(runtime)).then((code) => runtime.exit(code));
