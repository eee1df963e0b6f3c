import { createQjsRuntime } from '../../../../src/adapters/qjs/runtime.ts';
import { runSuite } from './suite.ts';

runSuite(createQjsRuntime());
