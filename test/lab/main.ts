/**
 * build/bin/lab: the pair of routers on this machine, for an administrator. `lab help` lists the commands.
 * Exit status: 0 it came about, 1 it did not (with a sentence), 2 wrong usage; `exec` gives the program's own.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runAgent } from './agent.ts';
import { runDemo, showPair } from './demo.ts';
import { REPOSITORY } from './disk.ts';
import { createLab, type Lab, packagePath } from './lab.ts';
import { mwan3Config } from './multiwan.ts';
import { readPackage } from './package-file.ts';
import { forwardPage } from './page.ts';
import { ENVIRONMENT, LabError } from './programs.ts';
import { isAlive, type LabRecord, readRecords, sweep } from './records.ts';
import { seconds, styleFor } from './report.ts';
import { ROUTERS } from './topology.ts';

const HELP = `lab: two OpenWrt routers in network namespaces of this machine (needs root)

  lab demo [--keep]           status of both, one loses power, the client's gap, the timeline
  lab shell                   brings the pair up and keeps it until ^C
  lab exec ROUTER [CMD…]      a program in a router of the running lab (default: sh); --lab ID if there are several
  lab list                    labs that run
  lab bench [NAME…]           measures against the goals
  lab sweep                   removes what a lab left behind whose owner is gone
`;

const style = styleFor(process.stdout.isTTY === true, process.env['NO_COLOR']);
const say = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

/** Port of gw-a's page on the loopback, if it is free; gw-b has the next. */
const FIRST_PORT = 8281;

async function openPages(lab: Lab): Promise<void> {
  say();
  for (const [at, name] of ROUTERS.entries()) {
    const page = await forwardPage(lab.routers[name], FIRST_PORT + at);
    lab.notePage(name, page.url);
    say(`  ${style.bold(name)}  ${page.url}cgi-bin/luci/admin/network/hagw   user root, no password`);
  }
  say(`  build/bin/lab exec gw-a ubus call hagw status       a program in gw-a (without one: a shell)`);
  say('  ^C ends the lab');
}

/** Resolves at SIGINT, SIGTERM or SIGHUP. */
const signalled = new Promise<NodeJS.Signals>((resolve) => {
  if (process.argv[2] === 'demo' || process.argv[2] === 'shell') {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve(signal));
  }
});

/** Brings the pair up, does `work` with it and takes it down, whatever happens. */
async function withLab(work: (lab: Lab) => Promise<void>): Promise<number> {
  const installed = ['hagw', 'luci-app-hagw'].map((name) => readPackage(packagePath(name)));
  const began = performance.now();
  // In tiers, so that it is plain which WAN a flow is on: all on the first, while that is online.
  const lab = await createLab({ engine: 'hagw', mwan3: mwan3Config([1, 2]) });
  try {
    const names = installed.map(({ name, version }) => `${name} ${version}`).join(', ');
    say(`${style.bold('gw-a and gw-b')} with ${names}: power on after ${seconds(performance.now() - began)}`);
    const ended = await Promise.race([work(lab).then(() => null), signalled]);
    return ended === null ? 0 : 130;
  } finally {
    await lab.close();
  }
}

/** Runs a program on our own terminal and gives its exit status. */
function runToEnd(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)));
  });
}

function findLab(id: string | null): LabRecord {
  const running = readRecords().filter(({ owner }) => isAlive(owner));
  const found = id === null ? running : running.filter((record) => record.id === id);
  if (found.length > 1) {
    throw new LabError(
      `Several labs run (${found.map((one) => one.id).join(', ')}): choose one by --lab ID.`,
    );
  }
  const [record] = found;
  if (record === undefined) {
    throw new LabError(id === null ? "No lab runs: start one with 'make lab'." : `No lab '${id}' runs.`);
  }
  return record;
}

function execIn(words: readonly string[]): Promise<number> {
  const [id, rest] = words[0] === '--lab' ? [words[1] ?? '', words.slice(2)] : [null, words];
  const [router = '', ...command] = rest;
  const pid = findLab(id).routers[router];
  if (pid === undefined) {
    throw new LabError(`'${router}' is no router that has power; there are ${ROUTERS.join(' and ')}.`);
  }
  const enter = [`--target=${pid}`, '--mount', '--pid', '--net', '--uts', '--root', '--wd', '--'];
  const argv = ['nsenter', ...enter, ...(command.length === 0 ? ['sh'] : command)];
  return runToEnd(argv, { ...ENVIRONMENT, PS1: `root@${router}:\\w# ` });
}

async function main(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words;
  switch (command) {
    case 'demo':
      return withLab(async (lab) => {
        await runDemo(lab, say, style);
        if (!rest.includes('--keep')) return;
        await openPages(lab);
        await new Promise<never>(() => {});
      });
    case 'shell':
      return withLab(async (lab) => {
        await showPair(lab, say, style);
        await openPages(lab);
        await new Promise<never>(() => {});
      });
    case 'exec':
      return execIn(rest);
    case 'bench':
      return runToEnd([process.execPath, join(REPOSITORY, 'build/bin/bench'), ...rest], process.env);
    case 'list':
      for (const { id, owner, routers } of readRecords().filter((record) => isAlive(record.owner))) {
        say(`${id}  owner ${owner.pid}  ${Object.keys(routers).sort().join(' ') || 'no router has power'}`);
      }
      return 0;
    case 'sweep': {
      const swept = sweep();
      say(swept.length === 0 ? 'Nothing was left behind.' : `Removed: ${swept.join(', ')}.`);
      return 0;
    }
    case undefined:
    case 'help':
    case '--help':
      process.stdout.write(HELP);
      return 0;
    default:
      process.stderr.write(`lab: there is no command '${command}'.\n\n${HELP}`);
      return 2;
  }
}

if (process.argv[2] === 'agent') {
  runAgent();
} else {
  main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}
