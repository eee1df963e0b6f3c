/** What the compiler needs, from files: UCI `mwan3` and `network` of a folder and the file of `--links`. */
import { checkLinks, decodeMultiWan } from '../core/config/multiwan.ts';
import { own, readDevices } from '../core/config/network.ts';
import { checkTables, tableUses } from '../core/config/network-tables.ts';
import { optionText, type UciSection } from '../core/config/uci.ts';
import type { CompileInput, KernelRoute, WanConfig, WanLink } from '../core/policy/model.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { decodeText } from '../lib/text.ts';
import type { Files } from '../ports/files.ts';
import { decodeLinks, type LinksFile, NO_LINKS, parseRoute } from './links.ts';
import { readRoutes } from './network.ts';
import { readPackage } from './packages.ts';

/** A router may have many thousands of routes. */
const LARGEST_LINKS = 8 * 1024 * 1024;

export interface OfflineInput {
  readonly input: CompileInput;
  /** What the reader should know: warnings of the configuration, and what had to be supposed. Whole sentences with their place. */
  readonly notes: readonly string[];
}

function sections(
  files: Files,
  folder: string,
  name: string,
): Result<readonly UciSection[] | null, readonly string[]> {
  const reading = readPackage(files, folder, name);
  if (reading.kind === 'missing') return ok(null);
  return reading.kind === 'read' ? ok(reading.sections) : fail([`${folder}/${name}: ${reading.message}`]);
}

function readLinks(files: Files, path: string | null): Result<LinksFile, readonly string[]> {
  if (path === null) return ok(NO_LINKS);
  const content = files.read(path, LARGEST_LINKS);
  if (!content.ok)
    return fail([
      content.error.code === 'ENOENT' ? `There is no file ${path}.` : `${path}: ${content.error.message}`,
    ]);
  const links = decodeLinks(decodeText(content.value));
  return links.ok ? links : fail([`${path}: ${links.error}`]);
}

function linkOf(wan: WanConfig, links: LinksFile, devices: Readonly<Record<string, string>>): WanLink {
  const said = own(links.wans, wan.name);
  // netifd's NAME_4 and NAME_6 go before NAME (mwan3 2.12: mwan3_get_true_iface).
  const family = `${wan.name}_${wan.family === 'ipv4' ? 4 : 6}`;
  const planned = own(devices, family) ?? own(devices, wan.name) ?? null;
  const device = said?.device === undefined ? planned : said.device;
  return { name: wan.name, device, state: said?.state ?? 'online' };
}

/** Default routes of WANs that get theirs from the other side: supposed without gateway, and said so. */
function supposedRoutes(
  wans: readonly WanConfig[],
  links: readonly WanLink[],
  routes: readonly KernelRoute[],
  network: readonly UciSection[],
) {
  const notes: string[] = [];
  const supposed = wans.flatMap((wan): readonly KernelRoute[] => {
    const device = links.find(({ name }) => name === wan.name)?.device ?? null;
    if (!wan.enabled || device === null) return [];
    const isThere = routes.some(
      (route) => route.family === wan.family && route.device === device && route.destination === 'default',
    );
    if (isThere) return [];
    const section = network.find(({ type, name }) => type === 'interface' && name === wan.name);
    const proto = section === undefined ? null : (optionText(section, 'proto') ?? 'none');
    if (proto === 'static' || proto === 'none') {
      notes.push(`network.${wan.name}: Has no gateway for ${wan.family}, so the WAN has no default route.`);
      return [];
    }
    const metric = section === undefined ? null : optionText(section, 'metric');
    const rank = metric !== null && /^\d{1,9}$/.test(metric) ? ` metric ${metric}` : '';
    const line = `${wan.family === 'ipv6' ? '-6 ' : ''}default dev ${device}${rank}`;
    const route = parseRoute(line, {});
    if (!route.ok) return [];
    const why = proto === null ? 'Is not in the file' : `Has proto ${proto}, so the file tells no gateway`;
    notes.push(`network.${wan.name}: ${why}: 'default dev ${device}' is supposed; --links can tell.`);
    return [route.value];
  });
  return { supposed, notes };
}

/**
 * Reads the files. Without a file of links every WAN is online on the device that UCI `network` plans, and the routes
 * are those that it plans.
 *
 * @returns the input, or sentences that each name the place.
 */
export function readOffline(
  files: Files,
  folder: string,
  linksPath: string | null,
): Result<OfflineInput, readonly string[]> {
  const mwan3 = sections(files, folder, 'mwan3');
  if (!mwan3.ok) return mwan3;
  if (mwan3.value === null) return fail([`There is no ${folder}/mwan3.`]);
  const read = sections(files, folder, 'network');
  if (!read.ok) return read;
  const file = readLinks(files, linksPath);
  if (!file.ok) return file;
  const network = read.value ?? [];
  const { value: config, problems } = decodeMultiWan(mwan3.value);
  const devices = { ...readDevices(network), ...file.value.devices };
  const links = (config?.wans ?? []).map((wan) => linkOf(wan, file.value, devices));
  const all =
    config === null
      ? problems
      : [
          ...problems,
          ...checkLinks(config, links),
          ...checkTables(config, tableUses(network), file.value.tables),
        ];
  const sentence = ({ where, text }: { readonly where: string; readonly text: string }): string =>
    `${where}: ${text}`;
  const errors = all.filter(({ severity }) => severity === 'error');
  if (config === null || errors.length > 0) return fail(errors.map(sentence));
  const stranger = Object.keys(file.value.wans).find((name) => !config.wans.some((wan) => wan.name === name));
  if (stranger !== undefined)
    return fail([`${linksPath}: wans.${stranger} is no interface section of mwan3.`]);
  const notes = all.map(sentence);
  let routes = file.value.routes;
  if (routes === null) {
    const planned: KernelRoute[] = [];
    for (const line of readRoutes(network)) {
      const route = parseRoute(line, file.value.tables);
      if (route.ok) planned.push(route.value);
      else notes.push(`${folder}/network: A route is left out: ${route.error}.`);
    }
    const { supposed, notes: more } = supposedRoutes(config.wans, links, planned, network);
    notes.push(...more);
    routes = [...planned, ...supposed];
  }
  for (const { name, device } of links) {
    const isUsed = config.wans.some((wan) => wan.name === name && wan.enabled);
    if (isUsed && device === null)
      notes.push(`mwan3.${name}: Has no device (in UCI network or the file of links): no policy uses it.`);
  }
  return ok({ input: { config, links, routes, devices, tableNumbers: file.value.tables }, notes });
}
