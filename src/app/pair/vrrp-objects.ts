/** The reading methods of `hagw.vrrp`. */
import { decodeJournal, LARGEST_JOURNAL } from '../../core/pair/journal.ts';
import { vrrpTransitions } from '../../core/status/transitions.ts';
import { vrrpStatus } from '../../core/status/vrrp.ts';
import { decodeText } from '../../lib/text.ts';
import type { Files } from '../../ports/files.ts';
import { type Handler, Refusal, toTable } from '../handler.ts';
import type { Reactor } from '../reactor.ts';

const JOURNAL = '/var/run/hagw/handover.journal';
const NOT_FOUND = 4;

export function createVrrpHandlers(
  reactor: Reactor,
  files: Files,
): { readonly list: Handler; readonly status: Handler; readonly transitions: Handler } {
  const textOf = (path: string): string => {
    const content = files.read(path, LARGEST_JOURNAL);
    return content.ok ? decodeText(content.value) : '';
  };
  return {
    list: () => toTable(vrrpStatus(reactor.state(), reactor.now())),
    status: ({ name }) => {
      const { instances } = vrrpStatus(reactor.state(), reactor.now());
      const found = instances.find((instance) => instance.name === name);
      return found === undefined
        ? new Refusal(NOT_FOUND, 'There is no VRRP instance of that name.')
        : toTable(found);
    },
    transitions: ({ limit }) => {
      const uptimeMs = Number.parseFloat(textOf('/proc/uptime') || '0') * 1000;
      const most = typeof limit === 'number' ? limit : 20;
      const runs = decodeJournal(textOf(JOURNAL));
      return toTable(vrrpTransitions(reactor.state(), runs, most, reactor.now(), uptimeMs));
    },
  };
}
