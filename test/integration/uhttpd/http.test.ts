import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, openHouse } from '../rpcd/house.ts';
import { until } from '../ubusd/replay.ts';

/** What the recordings' replay leaves out: cut bodies, HTTP/1.0, event streams, files, LuCI's path. */

const ACL = {
  't-test': {
    read: { ubus: { 't.obj': ['get', 'list_*'], 't.pub': [':subscribe'], session: ['list', 'destroy'] } },
  },
};

let house: House;
let base = '';
beforeAll(async () => {
  house = await openHouse(ACL, true);
  base = `http://127.0.0.1:${house.port}`;
});
afterAll(() => house.close());

const NULL_SESSION = '0'.repeat(32);
const rpc = (id: number, ...params: unknown[]): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'call', params });
const post = (body: string, path = '/ubus'): Promise<Response> =>
  fetch(`${base}${path}`, { method: 'POST', body });

async function login(username: string, password: string): Promise<string> {
  const response = await post(rpc(1, NULL_SESSION, 'session', 'login', { username, password }));
  const { result } = (await response.json()) as { result: [number, { ubus_rpc_session: string }] };
  return result[1].ubus_rpc_session;
}

/** Bytes on a plain connection until the other side ends it or `done` holds. */
function talk(bytes: string, done: (text: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(house.port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (done(text)) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

describe('requests', () => {
  it('takes an argument of 60000 bytes', async () => {
    const session = await login('root', 'pwd');
    const response = await post(rpc(1, session, 't.obj', 'get', { name: 'x'.repeat(60_000) }));
    const { result } = (await response.json()) as { result: [number, { args: { name: string } }] };
    expect(result[1].args.name.length).toBe(60_000);
  });

  it.each([65_526, 70_123])(
    'refuses a body of %i bytes as a parse error and ends the connection',
    async (length) => {
      const body = rpc(1, NULL_SESSION, 't.obj', 'list_all', {}).padEnd(length);
      const text = await talk(`POST /ubus HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`);
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).toMatch(/\r\nConnection: close\r\n/i);
      expect(text).toContain('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}');
    },
  );

  it('answers HTTP/1.0 and ends the connection', async () => {
    const session = await login('root', 'pwd');
    const body = rpc(1, session, 't.obj', 'list_all', {});
    const text = await talk(`POST /ubus HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(text.endsWith('\r\n\r\n{"jsonrpc":"2.0","id":1,"result":[0,{"all":[1,2]}]}')).toBe(true);
  });

  it('keeps the types of numbers: 1.0 is no int32, 2^53 + 1 arrives whole', async () => {
    const session = await login('root', 'pwd');
    const call = (args: string): Promise<string> =>
      post(
        `{"jsonrpc":"2.0","id":1,"method":"call","params":["${session}","session","set",{"values":${args}}]}`,
      )
        .then(() => post(rpc(2, session, 'session', 'get', {})))
        .then((response) => response.text());
    const text = await call(
      '{"whole":9007199254740993,"half":1.5,"small":-5,"no":null,"deep":[{"x":[true]}]}',
    );
    expect(text).toContain('"whole":9007199254740993');
    expect(text).toContain('"deep":[{"x":[true]}]');
    expect(text).toContain('"half":1.5');
  });

  it('answers a batch of 30 in order', async () => {
    const session = await login('root', 'pwd');
    const batch = Array.from({ length: 30 }, (_, id) => rpc(id, session, 't.obj', 'list_all', {}));
    const answers = (await (await post(`[${batch.join(',')}]`)).json()) as { id: number; result: unknown }[];
    expect(answers.map((one) => one.id)).toEqual([...batch.keys()]);
    expect(answers[29]?.result).toEqual([0, { all: [1, 2] }]);
  });
});

describe('event streams', () => {
  const get = (token: string): string =>
    `GET /ubus/subscribe/t.pub HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;

  it('sends each notification as recorded, and unsubscribes when the client leaves', async () => {
    const session = await login('ro1', 'ropass');
    let seen = '';
    const stream = talk(get(session), (text) => {
      seen = text;
      return text.includes('{"n":2}\n\n');
    });
    await until(
      () => seen.includes('text/event-stream') && house.isObserved(),
      'the stream and its subscription',
    );
    house.publish('changed', 1);
    house.publish('changed', 2);
    const body = (await stream).split('\r\n\r\n').slice(1).join('\r\n\r\n');
    expect(body).toContain('event: changed\ndata: {"n":1}\n\n');
    expect(body).toContain('event: changed\ndata: {"n":2}\n\n');
    expect(seen).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    await until(() => !house.isObserved(), 'the end of the subscription');
  });

  it('refuses who has no right to subscribe', async () => {
    const session = await login('no1', 'nopass');
    const response = await fetch(`${base}/ubus/subscribe/t.pub`, {
      headers: { Authorization: `Bearer ${session}` },
    });
    expect([response.status, await response.text()]).toEqual([
      200,
      '{"code":-13,"message":"Permission denied"}',
    ]);
  });
});

describe('files', () => {
  it('sends a file with validators, and 304 to who has it', async () => {
    const first = await fetch(`${base}/index.html`);
    expect([first.status, first.headers.get('content-type'), await first.text()]).toEqual([
      200,
      'text/html',
      '<p>index</p>\n',
    ]);
    const [etag, modified] = [first.headers.get('etag') ?? '', first.headers.get('last-modified') ?? ''];
    expect(etag).toMatch(/^"[0-9a-f]+-[0-9a-f]+-[0-9a-f]+"$/);
    for (const headers of [{ 'If-None-Match': etag }, { 'If-Modified-Since': modified }]) {
      const again = await fetch(`${base}/index.html`, { headers });
      expect([again.status, await again.text()]).toEqual([304, '']);
    }
    const other = await fetch(`${base}/index.html`, { headers: { 'If-None-Match': '"0-0-0"' } });
    expect(other.status).toBe(200);
    await other.text();
  });

  it('gives the index of a folder, no list, and nothing outside the root', async () => {
    expect(await (await fetch(`${base}/`)).text()).toBe('<p>index</p>\n');
    for (const path of [
      '/none',
      '/../etc/config/rpcd',
      '/%2e%2e/etc/config/rpcd',
      '/%2e%2e%2fetc/config/rpcd',
      '/%00',
      '/%',
    ]) {
      const text = await talk(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(text, path).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    }
    const text = await talk('DELETE /index.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 405 /);
  });

  it("hands LuCI's path to the dispatcher, which wants a login", async () => {
    const page = await fetch(`${base}/cgi-bin/luci/admin/status`);
    expect(page.status).toBe(403);
    expect(await page.text()).toContain('luci_password');
    const body = new URLSearchParams({ luci_username: 'root', luci_password: 'pwd' });
    const login = await fetch(`${base}/cgi-bin/luci`, { method: 'POST', body, redirect: 'manual' });
    expect(login.status).toBe(302);
    expect(login.headers.get('set-cookie')).toMatch(/^sysauth_http=[0-9a-f]{32};/);
  });
});
