/** `StandInBus` over the stand-ins' link: values as plain JavaScript, subscriptions that come back with their object. */
import { entriesToTable, tableToEntries } from '@openwrt/ubus-client/wire';
import { connectLink, type Method as LinkMethod, type Reply } from '../common/link.ts';
import type { Answer, BusTable, Method, StandInBus } from './stand-in-bus.ts';

/** How often a subscription looks for its object while that is missing. */
const LOOK_MS = 250;

function toReply(answer: Answer): Reply {
  return typeof answer === 'object' ? tableToEntries(answer) : answer;
}

function toLinkMethod(method: Method): LinkMethod {
  return {
    args: method.args as LinkMethod['args'],
    handle(args) {
      const answer = method.handle(entriesToTable(args.entries) as BusTable);
      return answer instanceof Promise ? answer.then(toReply) : toReply(answer);
    },
  };
}

export function connectBus(socket: string): StandInBus {
  const link = connectLink(socket);
  let closed = false;

  async function follow(path: string, onNotify: (name: string, data: BusTable) => void): Promise<void> {
    await link.ready();
    if (closed) return;
    const again = () => {
      if (!closed) setTimeout(() => void follow(path, onNotify), LOOK_MS);
    };
    const { status } = await link.subscribe(
      path,
      (name, entries) => onNotify(name, entriesToTable(entries) as BusTable),
      again,
    );
    if (status !== 0) again();
  }

  return {
    provide(path, methods) {
      const translated = Object.fromEntries(
        Object.entries(methods).map(([name, method]) => [name, toLinkMethod(method)]),
      );
      const object = link.provide(path, translated);
      return {
        notify: (name, data) => object.notify(name, tableToEntries(data)),
        remove: () => object.remove(),
      };
    },
    send: (name, data) => link.send(name, tableToEntries(data)),
    subscribe: (path, onNotify) => void follow(path, onNotify),
    onConnected: (run) => void link.ready().then(run),
    close() {
      closed = true;
      link.close();
    },
  };
}
