/** `hagw` on the router, under QuickJS. */
import { createQjsRuntime } from './adapters/qjs/runtime.ts';
import { runHagw } from './main-router.ts';

/** Put in by the bundler from package.json. */
declare const HAGW_VERSION: string;

runHagw(createQjsRuntime(), HAGW_VERSION, {});
