import { connectBus } from './bus.ts';
import { runInit } from './init.ts';

runInit(connectBus);
