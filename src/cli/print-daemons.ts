/** What `print` says of the daemons' configurations. Nothing is asked of ubus and nothing is touched. */
import { decodeHagw, type HagwConfig, type RouterConfig } from '../core/config/hagw.ts';
import { own, readDevices, staticAddresses } from '../core/config/network.ts';
import type { UciSection } from '../core/config/uci.ts';
import { CONNTRACKD_PLACES } from '../core/conntrackd/places.ts';
import { CONNTRACKD_HASH_LIMIT, renderConntrackd } from '../core/conntrackd/render.ts';
import { renderKeepalived } from '../core/keepalived/render.ts';
import { type ScriptGeneration, scriptSections } from '../core/keepalived/uci.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import type { Files } from '../ports/files.ts';
import { readPackage } from './packages.ts';

function sectionsOf(files: Files, folder: string, name: string): Result<readonly UciSection[], string> {
  const reading = readPackage(files, folder, name);
  if (reading.kind === 'read') return ok(reading.sections);
  if (reading.kind === 'missing') return fail(`There is no ${folder}/${name}.`);
  return fail(`${folder}/${name}: ${reading.message}`);
}

/** keepalived.conf as OpenWrt's init script of that generation would write it now (`written` = `date +%c`). */
export function printKeepalived(
  files: Files,
  folder: string,
  generation: ScriptGeneration,
  written: string,
): Result<string, string> {
  const sections = sectionsOf(files, folder, 'keepalived');
  if (!sections.ok) return sections;
  return ok(renderKeepalived(scriptSections(sections.value), generation, { written }));
}

/** Which of the pair, by its name or by the addresses in UCI network. */
export function chooseRouter(
  config: HagwConfig,
  name: string | null,
  addresses: readonly string[],
): Result<RouterConfig, string> {
  const names = config.routers.map((router) => router.name).join(', ');
  const wanted = config.routers.filter((router) =>
    name === null ? addresses.includes(router.syncAddress) : router.name === name,
  );
  const [router] = wanted;
  if (router !== undefined && wanted.length === 1) return ok(router);
  if (name !== null) return fail(`There is no router '${name}'; the pair is ${names}.`);
  return fail(`UCI network does not tell which of ${names} this is; say it with --router NAME.`);
}

/** conntrackd.conf for one router of the pair, from UCI hagw and network. */
export function printConntrackd(files: Files, folder: string, router: string | null): Result<string, string> {
  const hagw = sectionsOf(files, folder, 'hagw');
  if (!hagw.ok) return hagw;
  const network = sectionsOf(files, folder, 'network');
  if (!network.ok) return network;
  const { value: config, problems } = decodeHagw(hagw.value);
  if (config === null) {
    const first = problems.find(({ severity }) => severity === 'error');
    return fail(`${first?.where ?? 'hagw'}: ${first?.text ?? 'The configuration is rejected.'}`);
  }
  const addresses = staticAddresses(network.value).map(({ address }) => address);
  const self = chooseRouter(config, router, addresses);
  if (!self.ok) return self;
  const partner = config.routers.find((other) => other !== self.value);
  const device = own(readDevices(network.value), config.syncInterface);
  if (device === undefined)
    return fail(`UCI network has no interface '${config.syncInterface}' with a device (the sync interface).`);
  return renderConntrackd({
    ...CONNTRACKD_PLACES,
    syncDevice: device,
    localAddress: self.value.syncAddress,
    partnerAddress: partner?.syncAddress ?? '',
    port: config.conntrackdPort,
    ignoreAddresses: addresses,
    hashLimit: CONNTRACKD_HASH_LIMIT,
  });
}
