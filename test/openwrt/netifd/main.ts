import { connectBus } from '../procd/bus.ts';
import { runNetifd } from './netifd.ts';

runNetifd(connectBus('/var/run/ubus/ubus.sock'));
