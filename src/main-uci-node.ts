/** The command `uci` on Node. */
import { runUci } from 'uci-parser/cli';
import { createNodeRuntime } from './adapters/node/runtime.ts';
import { uciIo } from './adapters/uci-io.ts';

const runtime = createNodeRuntime();
runtime.exit(runUci(runtime.args, uciIo(runtime)));
