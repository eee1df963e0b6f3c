/** The command `ubus` under QuickJS. */
import { runUbus } from '@openwrt/ubus-client/cli';
import { createQjsRuntime } from './adapters/qjs/runtime.ts';
import { ubusIo } from './adapters/ubus-io.ts';

const runtime = createQjsRuntime();
void runUbus(runtime.args, ubusIo(runtime)).then((code) => runtime.exit(code));
