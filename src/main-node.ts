/** `hagw` on Node: the same program, for development and for what works on any machine. */
import { createNodeRuntime } from './adapters/node/runtime.ts';
import { importFaultTolerantRouter } from './core/import/fault-tolerant-router.ts';
import { importOpenBsd } from './core/import/openbsd.ts';
import { runHagw } from './main-router.ts';

/** Put in by the bundler from package.json. */
declare const HAGW_VERSION: string;

runHagw(createNodeRuntime(), HAGW_VERSION, {
  fault_tolerant_router: importFaultTolerantRouter,
  openbsd: importOpenBsd,
});
