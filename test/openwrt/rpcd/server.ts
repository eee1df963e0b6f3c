/** The stand-in rpcd as one object: its four ubus objects on one connection. */
import { connectLink } from '../common/link.ts';
import { table, text } from '../common/values.ts';
import { createFile } from './file.ts';
import { createRc } from './rc.ts';
import { createSessions } from './sessions.ts';
import { createUci } from './uci.ts';

export interface RpcdOptions {
  readonly socket: string;
  /** Folder in front of /etc, /tmp, /var and /usr; '' on a router. Not for the paths that `file` is asked for. */
  readonly root: string;
  readonly execLimitMs: number;
}

export interface Rpcd {
  ready(): Promise<void>;
  /** SIGHUP: reads the rights of the null session again. */
  reload(): void;
  close(): void;
}

export function startRpcd({ socket, root, execLimitMs }: RpcdOptions): Rpcd {
  const link = connectLink(socket);
  const sessions = createSessions({
    configDir: `${root}/etc/config`,
    aclFolder: `${root}/usr/share/rpcd/acl.d`,
    shadowFile: `${root}/etc/shadow`,
  });
  // procd's answer is nobody's business: without procd the change is made all the same.
  const announce = (config: string): void => {
    const data = table('data', [text('package', config)]);
    void link.call('service', 'event', [text('type', 'config.change'), data]);
  };
  const uci = createUci(
    {
      configDir: `${root}/etc/config`,
      deltaDir: `${root}/tmp/.uci`,
      runDir: `${root}/var/run/rpcd`,
      stateDir: `${root}/var/state`,
    },
    sessions,
    announce,
  );
  link.provide('session', sessions.methods);
  link.provide('uci', uci.methods);
  link.provide('rc', createRc(root, execLimitMs));
  link.provide('file', createFile(sessions, execLimitMs));
  return {
    ready: () => link.ready(),
    reload: () => sessions.reload(),
    close() {
      link.close();
      uci.close();
      sessions.close();
    },
  };
}
