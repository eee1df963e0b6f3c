/**
 * uhttpd's JSON-RPC 2.0 over ubus, without HTTP (recordings rpcd/02, 04, 07, 08, 10). A request asks rpcd's
 * `session access` (scope ubus) before each call, and gives the session on as argument `ubus_rpc_session`.
 */
import { type Answer, type Found, type Link, STATUS } from '../common/link.ts';
import { type Entries, type Entry, int, table, text, texts, type Value } from '../common/values.ts';

export const NULL_SESSION = '0'.repeat(32);

export const ERROR = {
  parse: [-32700, 'Parse error'],
  method: [-32601, 'Method not found'],
  params: [-32602, 'Invalid parameters'],
  internal: [-32603, 'Internal error'],
  object: [-32000, 'Object not found'],
  session: [-32001, 'Session not found'],
  access: [-32002, 'Access denied'],
  timeout: [-32003, 'ubus request timed out'],
} as const;
export type ErrorName = keyof typeof ERROR;

const NULL: Value = { type: 'unspec', value: null };
const ACCESS_TIMEOUT_MS = 5000;
const CALL_TIMEOUT_MS = 30_000;

/** Types as `list` names them, by blobmsg's numbers. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'array',
  2: 'object',
  3: 'string',
  4: 'number',
  5: 'number',
  6: 'number',
  7: 'boolean',
  8: 'number',
};

const member = (value: Value, name: string): Value | undefined =>
  value.type === 'table' ? value.value.filter((one) => one.name === name).pop() : undefined;

export function errorAnswer(id: Value | undefined, name: ErrorName): Value {
  const [code, message] = ERROR[name];
  const error = table('error', [int('code', code), text('message', message)]);
  return { type: 'table', value: [text('jsonrpc', '2.0'), { ...(id ?? NULL), name: 'id' }, error] };
}

export function resultAnswer(id: Value | undefined, result: Value): Value {
  return {
    type: 'table',
    value: [text('jsonrpc', '2.0'), { ...(id ?? NULL), name: 'id' }, { ...result, name: 'result' }],
  };
}

/** Methods with the types of their arguments by name. */
export function describe(found: Found): Entries {
  return found.signature.map((method) =>
    table(
      method.name,
      (method.type === 'table' ? method.value : []).map((argument) =>
        text(argument.name, TYPE_NAMES[Number(argument.value)] ?? 'unknown'),
      ),
    ),
  );
}

export async function mayCall(link: Link, session: string, object: string, name: string): Promise<boolean> {
  const asked = [
    text('ubus_rpc_session', session),
    text('scope', 'ubus'),
    text('object', object),
    text('function', name),
  ];
  const { status, replies } = await link.call('session', 'access', asked, ACCESS_TIMEOUT_MS);
  const access = replies[0]?.find((one) => one.name === 'access');
  return status === STATUS.ok && access?.type === 'int8' && access.value !== 0;
}

/** Checks object, right and arguments in uhttpd's order, then calls. */
export async function guardedCall(
  link: Link,
  session: string,
  object: string,
  name: string,
  args: Entries,
): Promise<Answer | ErrorName> {
  if ((await link.lookup(object)).length === 0) return 'object';
  if (!(await mayCall(link, session, object, name))) return 'access';
  if (args.some((one) => one.name === 'ubus_rpc_session')) return 'params';
  const answer = await link.call(object, name, [...args, text('ubus_rpc_session', session)], CALL_TIMEOUT_MS);
  return answer;
}

async function call(link: Link, id: Value | undefined, params: Entries): Promise<Value> {
  const [session, object, name, args] = params;
  if (
    session?.type !== 'string' ||
    object?.type !== 'string' ||
    name?.type !== 'string' ||
    args?.type !== 'table'
  ) {
    return errorAnswer(id, 'parse');
  }
  const answer = await guardedCall(link, session.value, object.value, name.value, args.value);
  if (typeof answer === 'string') return errorAnswer(id, answer);
  const result: Entry[] = [int('', answer.status)];
  const data = answer.replies.at(-1);
  if (answer.status === STATUS.ok && data !== undefined) result.push(table('', data));
  return resultAnswer(id, { type: 'array', value: result });
}

async function list(link: Link, id: Value | undefined, params: Entries | undefined): Promise<Value> {
  if (params === undefined) {
    const all = await link.lookup();
    return resultAnswer(
      id,
      texts(
        '',
        all.map((one) => one.path),
      ),
    );
  }
  const found: Entry[] = [];
  for (const pattern of params) {
    if (pattern.type !== 'string') continue;
    for (const one of await link.lookup(pattern.value)) found.push(table(one.path, describe(one)));
  }
  return resultAnswer(id, { type: 'table', value: found });
}

async function answerOne(link: Link, request: Value): Promise<Value> {
  if (request.type !== 'table') return errorAnswer(undefined, 'parse');
  const id = member(request, 'id');
  const version = member(request, 'jsonrpc');
  const method = member(request, 'method');
  const params = member(request, 'params');
  if (version?.type !== 'string' || version.value !== '2.0') return errorAnswer(id, 'parse');
  if (method?.type !== 'string') return errorAnswer(id, 'parse');
  const array = params?.type === 'array' ? params.value : undefined;
  if (method.value === 'call') return call(link, id, array ?? []);
  if (method.value === 'list') return list(link, id, array);
  return errorAnswer(id, 'method');
}

/** The answer to a request, or to each of a batch, one after the other. `request` null = no JSON. */
export async function answerJsonRpc(link: Link, request: Value | null): Promise<Value> {
  if (request === null) return errorAnswer(undefined, 'parse');
  if (request.type !== 'array') return answerOne(link, request);
  const answers: Entry[] = [];
  for (const one of request.value) answers.push({ ...(await answerOne(link, one)), name: '' });
  return { type: 'array', value: answers };
}

/** POST /ubus/call/OBJECT: `params` is the table of arguments, the result is the bare data. */
export async function answerRestCall(
  link: Link,
  session: string,
  object: string,
  request: Value | null,
): Promise<Value> {
  const id = request === null ? undefined : member(request, 'id');
  const method = request === null ? undefined : member(request, 'method');
  const params = request === null ? undefined : member(request, 'params');
  if (method?.type !== 'string' || params?.type !== 'table') return errorAnswer(id, 'parse');
  const answer = await guardedCall(link, session, object, method.value, params.value);
  if (typeof answer === 'string') return errorAnswer(id, answer);
  const data = answer.replies.at(-1);
  if (answer.status === STATUS.ok) return resultAnswer(id, data === undefined ? NULL : table('', data));
  const error = table('error', [int('code', answer.status), text('message', 'ubus call failed')]);
  return { type: 'table', value: [text('jsonrpc', '2.0'), { ...(id ?? NULL), name: 'id' }, error] };
}
