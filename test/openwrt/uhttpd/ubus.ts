/** Everything below /ubus (recordings rpcd/09, 10, 11): JSON-RPC, the URL forms, server-sent events. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Link, STATUS } from '../common/link.ts';
import { parseJson, printJson, table, type Value } from '../common/values.ts';
import { answerJsonRpc, answerRestCall, describe, errorAnswer, mayCall, NULL_SESSION } from './json-rpc.ts';

/** The recordings put uhttpd's limit between 60123 and 65526 bytes. */
export const MAX_BODY_BYTES = 65_000;

const NOT_FOUND = '{"code":4,"message":"Not found"}';
const DENIED = '{"code":-13,"message":"Permission denied"}';
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** The body as text; null if it is too long, and then the rest is not read. */
export function readBody(request: IncomingMessage): Promise<string | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) {
        request.pause();
        resolve(null);
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', () => resolve(null));
    request.on('close', () => resolve(null));
  });
}

function sendJson(response: ServerResponse, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { ...JSON_TYPE, ...headers });
  response.end(body);
}

async function post(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (json: Value | null) => Promise<Value>,
): Promise<void> {
  const body = await readBody(request);
  if (request.destroyed && body === null) return;
  if (body === null) {
    sendJson(response, printJson(errorAnswer(undefined, 'parse')), { Connection: 'close' });
    response.on('finish', () => request.destroy());
    return;
  }
  sendJson(response, printJson(await answer(parseJson(body))));
}

async function subscribe(
  link: Link,
  object: string,
  session: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if ((await link.lookup(object)).length === 0) return sendJson(response, NOT_FOUND);
  if (!(await mayCall(link, session, object, ':subscribe'))) return sendJson(response, DENIED);
  const subscription = await link.subscribe(
    object,
    (name, data) => {
      response.write(`event: ${name.replace(/[\r\n]/g, '')}\ndata: ${printJson(table('', data))}\n\n`);
    },
    () => response.end(),
  );
  if (subscription.status !== STATUS.ok) return sendJson(response, NOT_FOUND);
  if (request.destroyed) return subscription.close();
  response.on('close', () => subscription.close());
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
}

async function list(link: Link, object: string | undefined, response: ServerResponse): Promise<void> {
  const found = await link.lookup(object);
  if (found.length === 0 && object !== undefined) {
    response.statusMessage = 'Ubus Protocol Error';
    response.writeHead(500, JSON_TYPE).end(NOT_FOUND);
    return;
  }
  const [only] = found;
  const value =
    object !== undefined && only !== undefined
      ? describe(only)
      : found.map((one) => table(one.path, describe(one)));
  sendJson(response, printJson({ type: 'table', value }));
}

/** Answers a request whose path begins with /ubus. */
export async function answerUbus(
  link: Link,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const parts = path.split('/').slice(2);
  const [verb, object] = parts;
  const token = /^Bearer ([0-9a-f]{32})$/.exec(request.headers.authorization ?? '')?.[1] ?? NULL_SESSION;
  if (request.method === 'OPTIONS') {
    response.writeHead(200, { ...JSON_TYPE, 'Content-Length': '0' }).end();
  } else if (request.method === 'POST' && (verb === undefined || verb === '')) {
    await post(request, response, (json) => answerJsonRpc(link, json));
  } else if (request.method === 'POST' && verb === 'call' && object !== undefined) {
    await post(request, response, (json) => answerRestCall(link, token, object, json));
  } else if (request.method === 'GET' && verb === 'list') {
    await list(link, object, response);
  } else if (request.method === 'GET' && verb === 'subscribe' && object !== undefined) {
    await subscribe(link, object, token, request, response);
  } else if (request.method === 'GET' || request.method === 'POST') {
    response.writeHead(404).end();
  } else {
    response.writeHead(400, { 'Content-Type': 'text/html' }).end('<h1>Bad Request</h1>Invalid Request');
  }
}
