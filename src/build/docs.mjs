/**
 * Makes the files that follow from tables: `node src/build/docs.mjs` writes them, with `--check` it only says which are
 * out of date (exit 1). From src/core/config/tables.ts and multiwan-tables.ts come docs/uci-options.md and, of the first, the
 * commented /etc/config/hagw, from src/api/methods.ts comes docs/ubus.md, from src/core/health/{catalogue,remedies}.ts comes
 * docs/problems.md.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const MADE = 'Made by `node src/build/docs.mjs`: change the table, not this file.';

/** @typedef {import('../core/config/option.ts').OptionSpec} OptionSpec */
/** @typedef {import('../core/config/tables.ts').SectionSpec} SectionSpec */
/** @typedef {import('../core/config/multiwan-tables.ts').MultiWanSection} MultiWanSection */
/** @typedef {import('../api/methods.ts').ObjectSpec} ObjectSpec */
/** @typedef {import('../api/methods.ts').ArgumentSpec} ArgumentSpec */
/** @typedef {import('../core/health/catalogue.ts').Warnable} Warnable */
/**
 * @typedef {{
 *   SECTIONS: Record<string, SectionSpec>, MULTI_WAN: Record<string, MultiWanSection>,
 *   expected: (spec: OptionSpec) => string,
 *   OBJECTS: Record<string, ObjectSpec>, CATALOGUE: Record<string, Warnable>,
 *   REMEDIES: Record<string, string>,
 * }} Tables
 */

/**
 * The tables, compiled: Node does not read TypeScript.
 * @returns {Promise<Tables>}
 */
async function loadTables() {
  const contents = [
    "export { SECTIONS } from './src/core/config/tables.ts';",
    "export { MULTI_WAN } from './src/core/config/multiwan-tables.ts';",
    "export { expected } from './src/core/config/option.ts';",
    "export { OBJECTS } from './src/api/methods.ts';",
    "export { CATALOGUE } from './src/core/health/catalogue.ts';",
    "export { REMEDIES } from './src/core/health/remedies.ts';",
  ].join('\n');
  const result = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    conditions: ['source'],
  });
  return import(
    `data:text/javascript;base64,${Buffer.from(result.outputFiles[0]?.contents ?? []).toString('base64')}`
  );
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  /** @param {string[]} cells */
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** @param {OptionSpec} spec */
function defaultText(spec) {
  if (spec.required) return 'required';
  return spec.default ?? spec.defaultText ?? 'none';
}

/** @type {Record<string, string>} */
const SUPPORT = { mwan3: 'as mwan3', hagw: "hagw's own", former: 'no effect' };

/** Each option of /etc/config/mwan3: how far it is mwan3's, and where it differs. @param {Tables} tables */
function multiWanOptions({ MULTI_WAN, expected }) {
  const parts = Object.entries(MULTI_WAN).map(([type, { text, options }]) => {
    const rows = Object.entries(options).map(([name, spec]) => [
      `\`${name}\``,
      `${spec.list ? 'list; each ' : ''}${expected(spec)}`,
      defaultText(spec),
      spec.origin === 'mwan3' && spec.differs ? 'differs' : (SUPPORT[spec.origin] ?? ''),
      spec.text,
      spec.differs ?? '–',
    ]);
    const head = [
      'option',
      'value',
      'default',
      'support',
      'meaning',
      'where it differs from mwan3 2.12, and why',
    ];
    return `## mwan3: config ${type}\n\n${text}\n\n${table(head, rows)}\n`;
  });
  return `# /etc/config/mwan3

With \`option engine 'hagw'\` hagw's own engine reads it, with the meaning and the defaults of mwan3 2.12. An error (a mask without room,
a name of a policy, member or interface that does not exist, two WANs of one family on one device, a WAN whose routing table is
the user's) rejects the file, and what runs
goes on; everything else that is wrong is a warning that names section and option. A list may be written as an option, and no
name is too long. A bad value means the default unless the table says otherwise; a bad condition of a rule leaves the rule out.\n\n${parts.join('\n')}`;
}

/** @param {Tables} tables */
function uciOptions(tables) {
  const { SECTIONS, expected } = tables;
  const parts = Object.entries(SECTIONS).map(([type, { text, count, options }]) => {
    const rows = Object.entries(options).map(([name, spec]) => [
      `\`${name}\``,
      `${spec.list ? 'list; each ' : ''}${expected(spec)}`,
      defaultText(spec),
      spec.safety ? 'rejects the file' : spec.required ? 'rejects the file' : 'warning, default used',
      spec.text,
    ]);
    return `## config ${type}\n\n${text} Count: ${count}.\n\n${table(['option', 'value', 'default', 'if wrong', 'meaning'], rows)}\n`;
  });
  return `# /etc/config/hagw\n\n${MADE}\n
The file is the same on both routers; a router knows by its sync address which of the two it is. An error rejects the
whole file and the service goes on with the configuration before it; \`hagw check\` names section and option.
Options and section types that hagw does not know are named as warnings.\n\n${parts.join('\n')}\n${multiWanOptions(tables)}`;
}

/** Wraps words to lines of at most 100 characters. @param {string} text @param {string} indent */
function wrap(text, indent) {
  /** @type {string[]} */
  const lines = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > 100) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

/** @typedef {{name: string, values: Record<string, string>}} Example */

/**
 * What each example section of the commented file shows beside the table's own examples.
 * @type {Record<string, Example[]>}
 */
const EXAMPLES = {
  globals: [{ name: 'globals', values: {} }],
  router: [
    { name: 'gw_a', values: {} },
    {
      name: 'gw_b',
      values: { name: 'gw-b', sync_address: '10.255.255.2', priority: '240', own_address: '192.168.1.3' },
    },
  ],
  address: [{ name: 'lan', values: {} }],
  wan: [{ name: 'wan', values: {} }],
};

/**
 * Options of a live section stand behind `\t#`, ready to be uncommented; a section that is an example is all comment.
 * @param {string} type @param {SectionSpec} spec @param {Example} example @param {boolean} isFirst
 */
function exampleSection(type, spec, { name, values }, isFirst) {
  const isLive = type === 'globals';
  const comment = isLive ? '\t# ' : '#\t# ';
  const lines = [isLive ? `config ${type} '${name}'` : `#config ${type} '${name}'`];
  for (const [option, item] of Object.entries(spec.options)) {
    const value = values[option] ?? item.default ?? item.example ?? '';
    const otherwise = item.required ? 'Required.' : `Default: ${defaultText(item)}.`;
    if (isFirst) lines.push(...wrap(`${item.text} ${otherwise}`, comment));
    lines.push(`${isLive ? '\t#' : '#\t'}${item.list ? 'list' : 'option'} ${option} '${value}'`);
  }
  return lines.join('\n');
}

/** @param {Tables} tables */
function configFile({ SECTIONS }) {
  const parts = Object.entries(SECTIONS).flatMap(([type, spec]) =>
    (EXAMPLES[type] ?? []).map((example, index) => {
      const head = index === 0 ? `${wrap(spec.text, '# ').join('\n')}\n` : '';
      return `${head}${exampleSection(type, spec, example, index === 0)}\n`;
    }),
  );
  return `# hagw: two routers, one gateway. This file is the same on both routers.
# Values with a # before them are examples or defaults; docs/uci-options.md has ranges and meanings.\n\n${parts.join('\n')}`;
}

/** @param {[string, ArgumentSpec]} argument */
function argumentText([name, spec]) {
  const range = spec.min !== undefined ? `, ${spec.min} to ${spec.max ?? 2147483647}` : '';
  const words = spec.oneOf ? `, one of ${spec.oneOf.join(', ')}` : '';
  return `- \`${name}\` (${spec.type}${range}${words}${spec.required ? ', required' : ''}): ${spec.text}`;
}

const ACCESS = {
  read: 'readers (rpcd ACL, read)',
  write: 'writers (rpcd ACL, write)',
  root: 'root on the router only',
};

/** @param {Tables} tables */
function ubus({ OBJECTS }) {
  const parts = Object.entries(OBJECTS).map(([path, { text, methods, notifications }]) => {
    const list = Object.entries(methods).map(([name, method]) => {
      const args = Object.entries(method.args).map(argumentText);
      const argsText = args.length === 0 ? 'No arguments.' : `Arguments:\n\n${args.join('\n')}`;
      return `### ${path} ${name}\n\n${method.text}\nReply: \`${method.reply}\`. For ${ACCESS[method.access]}. ${argsText}\n`;
    });
    const told = Object.entries(notifications).map(([name, what]) => `- \`${name}\`: ${what}`);
    const toldText = told.length === 0 ? '' : `\nNotifications to subscribers:\n\n${told.join('\n')}\n`;
    return `## ${path}\n\n${text}\n${toldText}\n${list.join('\n')}`;
  });
  return `# hagw on ubus\n\n${MADE}\n
The types of the replies are in \`src/api/status.ts\`. An argument that is unknown, of the wrong type or out of range is
refused with \`Invalid argument\` (2) and a line in the log that names it; \`ubus_rpc_session\` is accepted everywhere. Each
line of the timeline is sent as the ubus event \`hagw.state\`, too.\n\n${parts.join('\n')}`;
}

/** @param {Tables} tables */
function problems({ CATALOGUE, REMEDIES }) {
  const rows = Object.entries(CATALOGUE).map(([code, item]) => [
    `\`${code}\``,
    item.severity,
    item.title,
    REMEDIES[code] ?? '–',
    item.visibleAfterMs === 0 ? 'at once' : `${item.visibleAfterMs / 1000} s`,
    item.dependsOn.map((cause) => `\`${cause}\``).join(', ') || '–',
  ]);
  const head = ['code', 'severity', 'title', 'what to do', 'shown after', 'silent while'];
  return `# Problems\n\n${MADE}\n
What \`hagw check\` and \`ubus call hagw health\` can say. The codes are stable; the text of each finding says\nwhat is meant and where, this page what to do.\n\n${table(head, rows)}\n`;
}

/**
 * All generated files: path below the repository and content.
 * @returns {Promise<Record<string, string>>}
 */
export async function generate() {
  const tables = await loadTables();
  return {
    'docs/uci-options.md': uciOptions(tables),
    'files/etc/config/hagw': configFile(tables),
    'docs/ubus.md': ubus(tables),
    'docs/problems.md': problems(tables),
  };
}

if (process.argv[1] === import.meta.filename) {
  const isCheck = process.argv.includes('--check');
  let stale = 0;
  for (const [path, content] of Object.entries(await generate())) {
    const file = join(root, path);
    let old = '';
    try {
      old = readFileSync(file, 'utf8');
    } catch {
      // Not there yet.
    }
    if (old === content) continue;
    stale += 1;
    if (isCheck) {
      console.error(`docs: ${path} is out of date; run node src/build/docs.mjs`);
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      console.log(path);
    }
  }
  if (isCheck && stale > 0) process.exit(1);
}
