import type { Health, LinkStatus, Severity, VrrpState } from '../../../src/api/status.ts';
import type { BackendFailure } from '../backend/backend.ts';

/** What the page says of states that the service names. Colour never stands alone: the word is always there. */
export type Tone = 'good' | 'warn' | 'bad' | 'plain';

export function vrrpWord(state: VrrpState): string {
  switch (state) {
    case 'active':
      return _('active');
    case 'backup':
      return _('backup');
    case 'fault':
      return _('fault');
    case 'stop':
      return _('stopped');
    case 'initialize':
      return _('starting');
    case 'unknown':
      return _('unknown');
  }
}

export function vrrpTone(state: VrrpState): Tone {
  if (state === 'active' || state === 'backup') return 'good';
  return state === 'fault' || state === 'stop' ? 'bad' : 'plain';
}

export function linkWord(state: LinkStatus): string {
  switch (state) {
    case 'online':
      return _('online');
    case 'offline':
      return _('offline');
    case 'connecting':
      return _('connecting');
    case 'disconnecting':
      return _('disconnecting');
    case 'disabled':
      return _('disabled');
    case 'unknown':
      return _('unknown');
  }
}

export function linkTone(state: LinkStatus): Tone {
  if (state === 'online') return 'good';
  if (state === 'offline') return 'bad';
  return state === 'connecting' || state === 'disconnecting' ? 'warn' : 'plain';
}

/** netifd's word for an interface; null = not known. */
export function upWord(up: boolean | null): string {
  if (up === null) return _('unknown');
  return up ? _('up') : _('down');
}

export function severityWord(severity: Severity): string {
  switch (severity) {
    case 'error':
      return _('error');
    case 'warning':
      return _('warning');
    case 'notice':
      return _('notice');
  }
}

/** The gateway as a whole, by the worst of its problems. */
export function healthWord(state: Health['state']): string {
  return state === 'ok' ? _('healthy') : severityWord(state);
}

export function severityTone(severity: Severity): Tone {
  if (severity === 'error') return 'bad';
  return severity === 'warning' ? 'warn' : 'plain';
}

/** What a failed call means to the administrator, and what to do. */
export function failureText(kind: BackendFailure): string {
  switch (kind) {
    case 'service-down':
      return _(
        'The hagw service is not running. Traffic goes on as it was; start it under System > Startup.',
      );
    case 'forbidden':
      return _('This login has no right to do this: it wants "luci-app-hagw".');
    case 'unreachable':
      return _('The router does not answer. Check its power and the way to it.');
    case 'failed':
      return _('The HA gateway could not be read.');
  }
}
