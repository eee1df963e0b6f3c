/** The desired states whose text is kept (golden files of this folder). */
import { compile } from '../../../src/core/policy/compile.ts';
import type { Desired } from '../../../src/core/policy/model.ts';
import { inputOf } from '../../packets/support/recordings.ts';
import { everything } from '../../packets/support/situations.ts';

const recorded = (name: string, state: string) => (): Desired => compile(inputOf(name, state));

export const RULESETS: Readonly<Record<string, () => Desired>> = {
  balanced: recorded('01-balanced-3-2', 'all-up'),
  'balanced-first-down': recorded('01-balanced-3-2', 'first-down'),
  'last-resort': recorded('05-last-resort', 'all-down'),
  'rule-addresses': recorded('06-rule-addresses', 'all-up'),
  'rule-ports': recorded('07-rule-ports', 'all-up'),
  'rule-proto': recorded('09-rule-proto', 'all-up'),
  'ipset-src-iface': recorded('11-ipset-src-iface', 'all-up'),
  'mask-ff0000': recorded('14-mask-ff0000', 'all-up'),
  'custom-tables': recorded('17-rt-table-lookup', 'all-up'),
  'disabled-missing': recorded('18-disabled-missing', 'all-up'),
  'five-wans': recorded('21-five-wans', '2-down'),
  everything: () => compile(everything()),
  'everything-wan-down': () => compile(everything({ wan: 'offline', wan6: 'offline' })),
  'everything-third-tier': () => compile(everything({ wan: 'absent', wanb: 'connecting' })),
};
