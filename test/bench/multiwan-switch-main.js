// Plain JavaScript, since 'os' is another module to the type checker of the tests, which run on Node.
import { createQjsRuntime } from '../../src/adapters/qjs/runtime.ts';
import { measureSwitches } from './multiwan-switch-qjs.ts';

const runtime = createQjsRuntime();
measureSwitches(runtime).then(
  () => runtime.exit(0),
  (error) => {
    runtime.stderr(new Uint8Array([...`${error}\n`].map((letter) => letter.charCodeAt(0))));
    runtime.exit(1);
  },
);
