/**
 * `apply`, `confirm` and `rollback` of rpcd's object `uci` (recordings rpcd/24 to 28), with its traps: one open apply at a
 * time; another session's apply without rollback meanwhile applies nothing and deletes the snapshot, so that nothing
 * comes back when the time is over.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { STATUS } from '../common/link.ts';

export interface ApplyFolders {
  readonly configDir: string;
  /** /var/run/rpcd: snapshots and the sessions' deltas. */
  readonly runDir: string;
}

export interface ApplyEffects {
  /** Writes the session's pending changes of the package and tells procd. */
  commit(session: string, config: string): void;
  mayWrite(session: string, config: string): boolean;
  /** Tells procd that the package's file has changed. */
  announce(config: string): void;
}

export interface Applying {
  apply(session: string, rollback: boolean, timeoutSeconds: number): number;
  confirm(session: string): number;
  rollback(session: string): number;
  close(): void;
}

export function createApplying(folders: ApplyFolders, effects: ApplyEffects): Applying {
  const files = join(folders.runDir, 'snapshot-files');
  const deltas = join(folders.runDir, 'snapshot-delta');
  const deltaDir = (session: string): string => join(folders.runDir, `uci-${session}`);
  let open: { readonly session: string; readonly timer: NodeJS.Timeout } | null = null;

  const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
  function purge(): void {
    rmSync(files, { recursive: true, force: true });
    rmSync(deltas, { recursive: true, force: true });
  }
  function finish(): void {
    if (open !== null) clearTimeout(open.timer);
    open = null;
    purge();
  }
  function restore(session: string): void {
    for (const config of namesIn(files)) {
      copyFileSync(join(files, config), join(folders.configDir, config));
      mkdirSync(deltaDir(session), { recursive: true, mode: 0o700 });
      copyFileSync(join(deltas, config), join(deltaDir(session), config));
      effects.announce(config);
    }
    finish();
  }
  /** 5 if nothing is open, 6 if it is another session's. */
  const refused = (session: string): number => {
    if (open === null) return STATUS.noData;
    return open.session === session ? STATUS.ok : STATUS.permissionDenied;
  };

  return {
    apply(session, rollback, timeoutSeconds) {
      if (open !== null && rollback) return STATUS.permissionDenied;
      purge();
      if (open !== null) return STATUS.ok;
      const configs = namesIn(deltaDir(session));
      if (configs.length === 0) return STATUS.noData;
      if (configs.some((config) => !effects.mayWrite(session, config))) return STATUS.permissionDenied;
      if (rollback) {
        mkdirSync(files, { recursive: true, mode: 0o700 });
        mkdirSync(deltas, { recursive: true, mode: 0o700 });
        for (const config of configs) {
          copyFileSync(join(folders.configDir, config), join(files, config));
          copyFileSync(join(deltaDir(session), config), join(deltas, config));
        }
        open = { session, timer: setTimeout(() => restore(session), timeoutSeconds * 1000) };
      }
      for (const config of configs) effects.commit(session, config);
      return STATUS.ok;
    },
    confirm(session) {
      const status = refused(session);
      if (status === STATUS.ok) finish();
      return status;
    },
    rollback(session) {
      const status = refused(session);
      if (status === STATUS.ok) restore(session);
      return status;
    },
    close() {
      if (open !== null) clearTimeout(open.timer);
    },
  };
}
