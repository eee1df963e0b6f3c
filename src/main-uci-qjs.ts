/** The command `uci` under QuickJS. */
import { runUci } from 'uci-parser/cli';
import { createQjsRuntime } from './adapters/qjs/runtime.ts';
import { uciIo } from './adapters/uci-io.ts';

const runtime = createQjsRuntime();
runtime.exit(runUci(runtime.args, uciIo(runtime)));
