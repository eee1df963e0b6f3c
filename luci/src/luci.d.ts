/** What LuCI's loader gives a module: globals, and the names that its `'require …'` pragmas bind. Only what we use. */

/** Translates; the argument is a literal. Never at module top in code that also runs in tests. */
declare function _(text: string, context?: string): string;
declare function N_(count: number, singular: string, plural: string, context?: string): string;

declare const HAGW_VERSION: string;

interface LuciRpcDeclaration {
  object: string;
  method: string;
  params?: readonly string[];
  expect?: Readonly<Record<string, unknown>>;
  /** True: a ubus status other than 0 rejects; else the number would look like a reply. */
  reject: true;
  nobatch?: boolean;
}
interface LuciRpc {
  declare(declaration: LuciRpcDeclaration): (...args: readonly unknown[]) => Promise<unknown>;
}

declare const L: {
  env: { sessionid: string; pollinterval: number; ubuspath?: string };
  resource(path: string): string;
  hasViewPermission(): boolean | null;
};

declare const rpc: LuciRpc;
