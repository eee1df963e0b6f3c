import { createNodeRuntime } from '../../../../src/adapters/node/runtime.ts';
import { runSuite } from './suite.ts';

runSuite(createNodeRuntime());
