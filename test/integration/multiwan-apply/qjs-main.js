// Plain JavaScript, since 'os' is another module to the type checker of the tests, which run on Node.
import { createQjsRuntime } from '../../../src/adapters/qjs/runtime.ts';
import { life } from './qjs-life.ts';

void life(createQjsRuntime());
