/**
 * Files below the document root, with the validators that uhttpd sends (ETag of inode, size and time; Last-Modified;
 * RFC 9110, 8.8 and 13.1). No ranges, no directory lists, no compression.
 */
import { createReadStream, type Stats, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.htm': 'text/html',
  '.js': 'application/javascript',
  '.mjs': 'application/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain',
};

function look(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** The path below the root; null if it is not decodable, has a NUL, or leaves the root. */
export function safePath(url: string): string | null {
  try {
    const path = normalize(decodeURIComponent(url.split('?')[0] ?? ''));
    return path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..') ? path : null;
  } catch {
    return null;
  }
}

function isUnchanged(request: IncomingMessage, etag: string, modifiedMs: number): boolean {
  const tags = request.headers['if-none-match'];
  if (tags !== undefined) return tags.split(',').some((tag) => tag.trim() === etag || tag.trim() === '*');
  const since = Date.parse(request.headers['if-modified-since'] ?? '');
  return Number.isFinite(since) && Math.floor(modifiedMs / 1000) * 1000 <= since;
}

/** Sends the file, 304, a redirect to the folder's own name, or 404. */
export function sendFile(request: IncomingMessage, response: ServerResponse, root: string): void {
  const path = safePath(request.url ?? '/');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Length': 0 }).end();
    return;
  }
  let target = path === null ? '' : join(root, path);
  let stat = path === null ? null : look(target);
  if (stat?.isDirectory() && !target.endsWith('/')) {
    response.writeHead(302, { Location: `${path}/`, 'Content-Length': 0 }).end();
    return;
  }
  if (stat?.isDirectory()) {
    target = join(target, 'index.html');
    stat = look(target);
  }
  if (stat === null || !stat.isFile()) {
    response.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>Not Found</h1>');
    return;
  }
  const etag = `"${[stat.ino, stat.size, Math.floor(stat.mtimeMs / 1000)].map((one) => one.toString(16)).join('-')}"`;
  const headers = { ETag: etag, 'Last-Modified': stat.mtime.toUTCString() };
  if (isUnchanged(request, etag, stat.mtimeMs)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    'Content-Type': TYPES[extname(target).toLowerCase()] ?? 'application/octet-stream',
    'Content-Length': stat.size,
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const file = createReadStream(target, { end: Math.max(0, stat.size - 1) });
  file.on('error', () => response.destroy());
  file.pipe(response);
}
