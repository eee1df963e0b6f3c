/** What the adapters use of QuickJS' own modules (its manual, "Standard library"). Results below 0 are -errno. */

declare module 'std' {
  export function exit(code: number): never;
  export function getenv(name: string): string | undefined;
  export function getenviron(): Record<string, string>;
  export function strerror(errno: number): string;
  export function gc(): void;
}

declare module 'os' {
  export const O_RDONLY: number;
  export const O_WRONLY: number;
  export const O_RDWR: number;
  export const O_APPEND: number;
  export const O_CREAT: number;
  export const O_EXCL: number;
  export const O_TRUNC: number;
  export const S_IFMT: number;
  export const S_IFREG: number;
  export const S_IFDIR: number;
  export const S_IFLNK: number;
  export const WNOHANG: number;
  export const SIGCHLD: number;
  export const SIGPIPE: number;

  export interface Stat {
    readonly mode: number;
    readonly size: number;
    /** Milliseconds since 1970. */
    readonly mtime: number;
  }
  export interface ExecOptions {
    block?: boolean;
    usePath?: boolean;
    file?: string;
    cwd?: string;
    stdin?: number;
    stdout?: number;
    stderr?: number;
    env?: Readonly<Record<string, string>>;
  }
  export type TimerHandle = { readonly __timer: true };

  export function open(path: string, flags: number, mode?: number): number;
  export function close(fd: number): number;
  export function read(fd: number, buffer: ArrayBufferLike, offset: number, length: number): number;
  /** `whence` 0 = from the start. */
  export function seek(fd: number, offset: number, whence: number): number;
  export function write(fd: number, buffer: ArrayBufferLike, offset: number, length: number): number;
  /** Blocks the whole program. Milliseconds. */
  export function sleep(delayMs: number): void;
  export function isatty(fd: number): boolean;
  export function remove(path: string): number;
  export function rename(from: string, to: string): number;
  export function realpath(path: string): [string, number];
  export function mkdir(path: string, mode?: number): number;
  export function stat(path: string): [Stat | null, number];
  export function lstat(path: string): [Stat | null, number];
  export function readlink(path: string): [string, number];
  export function readdir(path: string): [string[], number];
  export function setReadHandler(fd: number, handler: (() => void) | null): void;
  export function setWriteHandler(fd: number, handler: (() => void) | null): void;
  /** undefined ignores the signal, null is its default action. */
  export function signal(signal: number, handler: (() => void) | null | undefined): void;
  export function kill(pid: number, signal: number): number;
  export function exec(argv: readonly string[], options?: ExecOptions): number;
  export function waitpid(pid: number, options: number): [number, number];
  export function pipe(): [number, number] | null;
  export function setTimeout(run: () => void, delayMs: number): TimerHandle;
  export function clearTimeout(timer: TimerHandle): void;
}

/** The script's name and its arguments. */
declare const scriptArgs: string[];
/** Only newer QuickJS has it. */
declare const performance: { now(): number } | undefined;
