/** `ubus listen`, `subscribe` and `wait_for`: what goes on until it is stopped. */
import { type BlobmsgEntry, decodeBlobmsg, encodeBlobmsg } from '../wire/blobmsg.ts';
import { Status, SystemObject, statusText } from '../wire/constants.ts';
import { addObjectMessage, invokeMessage, lookupMessage, subscribeMessage } from '../wire/message.ts';
import { type Command, type CommandContext, type CommandEnd, WRONG_USE } from './command.ts';
import { findObject } from './commands.ts';
import { formatTable } from './json-format.ts';

/** Long enough that nobody sees it; it only keeps the program alive. */
const IDLE_MS = 3_600_000;

export const listen: Command = async (context) => {
  const { bus, options, complain } = context;
  const patterns = options.rest.length > 0 ? options.rest : ['*'];
  printEvents(context);
  const own = await addObject(context);
  let { status } = own;
  for (const pattern of patterns) {
    if (status === Status.ok) status = await register(context, own.objid, pattern);
    if (status === Status.ok) continue;
    if (!options.simple) complain(`Error while registering for event '${pattern}': ${statusText(status)}\n`);
    return { code: 255 };
  }
  await untilStopped(context);
  bus.close();
  return { code: 0 };
};

export const subscribe: Command = async (context) => {
  const { bus, options, complain } = context;
  if (options.rest.length === 0) {
    complain('You need to specify an object to subscribe to\n');
    return { code: 255 };
  }
  printEvents(context);
  const own = await addObject(context);
  let { status } = own;
  for (const path of options.rest) {
    if (status === Status.ok) {
      const found = await findObject(context, path);
      status = found.status;
      const make = (seq: number) => subscribeMessage(seq, own.objid, found.objid);
      if (status === Status.ok) status = await bus.request(make, options.timeoutMs);
    }
    if (status === Status.ok) continue;
    if (!options.simple) complain(`Error while registering for event '${path}': ${statusText(status)}\n`);
    return { code: 255 };
  }
  await untilStopped(context);
  return { code: 0 };
};

export const waitFor: Command = async (context): Promise<CommandEnd> => {
  const { io, bus, options } = context;
  if (options.rest.length === 0) return WRONG_USE;
  const missing = new Set(options.rest);
  return new Promise<CommandEnd>((resolve) => {
    const seen = (path: string) => {
      missing.delete(path);
      // In a moment, so that the event that told us is answered before the connection ends.
      if (missing.size === 0) void Promise.resolve().then(() => resolve({ code: 0 }));
    };
    bus.onInvoke = ({ data }) => {
      const path = stringMember(data, 'path');
      if (path !== undefined) seen(path);
    };
    if (options.timeoutMs !== Number.POSITIVE_INFINITY)
      io.timers.after(options.timeoutMs, () => resolve({ status: Status.timeout }));
    void (async () => {
      const own = await addObject(context);
      const registered =
        own.status === Status.ok ? await register(context, own.objid, 'ubus.object.add') : own.status;
      if (registered !== Status.ok) resolve({ status: registered });
      else
        await bus.request(
          (seq) => lookupMessage(seq),
          options.timeoutMs,
          ({ objpath }) => {
            if (objpath !== undefined) seen(objpath);
          },
        );
    })();
  });
};

async function addObject({
  bus,
  options,
}: CommandContext): Promise<{ readonly status: number; readonly objid: number }> {
  let objid = 0;
  const status = await bus.request(
    (seq) => addObjectMessage(seq),
    options.timeoutMs,
    (attributes) => {
      objid = attributes.objid ?? 0;
    },
  );
  return { status, objid };
}

function register({ bus, options }: CommandContext, objid: number, pattern: string): Promise<number> {
  const data = encodeBlobmsg([
    { name: 'object', type: 'int32', value: objid | 0 },
    { name: 'pattern', type: 'string', value: pattern },
  ]);
  return bus.request((seq) => invokeMessage(seq, SystemObject.event, 'register', data), options.timeoutMs);
}

/** Events and notifications alike: `{ "name": {…} }`. */
function printEvents({ bus, print }: CommandContext): void {
  bus.onInvoke = ({ method, data }) => {
    const entries = decodeBlobmsg(data);
    if (entries.ok) print(`{ "${method}": ${formatTable(entries.value, { compact: true })} }\n`);
  };
}

/**
 * Until the user stops it, or `-t` seconds. The end of ubusd is no reason: OpenWrt's command goes on, deaf, too
 * (recording 86), and a timer keeps this one alive.
 */
function untilStopped({ io, options }: CommandContext): Promise<void> {
  return new Promise((resolve) => {
    io.onStop(resolve);
    if (options.hasTimeout) io.timers.after(options.timeoutMs, resolve);
    const idle = () => {
      io.timers.after(IDLE_MS, idle);
    };
    idle();
  });
}

function stringMember(data: Uint8Array, name: string): string | undefined {
  const entries = decodeBlobmsg(data);
  if (!entries.ok) return undefined;
  const found = entries.value.find((entry: BlobmsgEntry) => entry.name === name);
  return found?.type === 'string' ? found.value : undefined;
}
