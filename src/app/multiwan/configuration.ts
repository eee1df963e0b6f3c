/**
 * The methods of `hagw.wan` that read and stage /etc/config/mwan3. Changes are staged where libuci's other users see them: in
 * /tmp/.uci, as the command `uci` does it, or, for a call that carries a session, in rpcd's folder of that session, which is what
 * LuCI calls unsaved changes. All of an edit is one write to the end of the delta file.
 */
import {
  applyDelta,
  parseDelta,
  parsePackage,
  printDelta,
  type UciChange,
  type UciPackage,
} from 'uci-parser';
import type { Edited, WanChanges, WanSections } from '../../api/wan-config.ts';
import {
  type EditPlan,
  type MoreChecks,
  newProblems,
  PACKAGE,
  planEdit,
  refuses,
  type SectionEdit,
  viewPackage,
} from '../../core/config/multiwan-edit.ts';
import { CONFIG_FOLDER, LARGEST_CONFIG } from '../../core/config/parse.ts';
import type { ConfigProblem } from '../../core/config/uci.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import { encodeText } from '../../lib/text.ts';
import type { Bus } from '../../ports/bus.ts';
import type { Files } from '../../ports/files.ts';
import type { Arguments } from '../arguments.ts';
import { type Handler, Refusal, type Reply, toTable } from '../handler.ts';

const PERMISSION_DENIED = 6;
const UNKNOWN_ERROR = 9;
const ASK_MS = 5000;

/** libuci reads a package from the first of them that has it. */
const CONFIG_FOLDERS = ['/var/run/uci', CONFIG_FOLDER];
const DELTA_FOLDER = '/tmp/.uci';
/** rpcd's folder for the changes of a session begins so. */
const SESSION_FOLDER = '/var/run/rpcd/uci-';

/** ubusd cuts off who sends a MiB; a page of this many characters is far below that. */
const LARGEST_PAGE = 200_000;

interface Staged {
  readonly committed: UciPackage;
  readonly changes: readonly UciChange[];
  readonly staged: UciPackage;
  readonly deltaFolder: string;
}

function load(files: Files, session: string): Result<Staged, string> {
  const deltaFolder = session === '' ? DELTA_FOLDER : `${SESSION_FOLDER}${session}`;
  for (const folder of CONFIG_FOLDERS) {
    const content = files.read(`${folder}/${PACKAGE}`, LARGEST_CONFIG);
    if (!content.ok && content.error.code === 'ENOENT') continue;
    if (!content.ok) return fail(`${content.error.message.replace(/\.$/, '')}.`);
    const parsed = parsePackage(PACKAGE, content.value);
    if (!parsed.ok) return fail(`${folder}/${PACKAGE}: ${parsed.error.message}.`);
    const delta = files.read(`${deltaFolder}/${PACKAGE}`, LARGEST_CONFIG);
    const changes = delta.ok ? parseDelta(PACKAGE, delta.value).changes : [];
    const staged = applyDelta(parsed.value, changes).package;
    return ok({ committed: parsed.value, changes, staged, deltaFolder });
  }
  return fail(`There is no file ${CONFIG_FOLDER}/${PACKAGE}.`);
}

function stage(files: Files, { deltaFolder }: Staged, changes: readonly UciChange[]): Result<void, string> {
  if (changes.length === 0) return ok(undefined);
  const folder = files.makeFolder(deltaFolder, 0o700);
  const text = encodeText(printDelta(PACKAGE, changes));
  const done = folder.ok ? files.append(`${deltaFolder}/${PACKAGE}`, text, 0o600) : folder;
  return done.ok ? done : fail(done.error.message);
}

/** As many items from the first on as one reply takes, but one at least. */
function page<T>(items: readonly T[]): readonly T[] {
  let room = LARGEST_PAGE;
  return items.filter((item, at) => {
    if (room > 0) room -= JSON.stringify(item).length;
    return room > 0 || at === 0;
  });
}

const shown = (problems: readonly ConfigProblem[]) =>
  problems.map(({ severity, where, text }) => ({ severity, where, text }));

const edited = (done: boolean, name: string, problems: readonly ConfigProblem[], changes: number): Reply =>
  toTable({ done, name, changes, problems: shown(problems) } satisfies Edited);

const broken = (text: string): Reply => edited(false, '', [{ severity: 'error', where: PACKAGE, text }], 0);

const textOf = (args: Arguments, name: string): string => {
  const value = args[name];
  return typeof value === 'string' ? value : '';
};

/** @param more what only the router can tell of a configuration. */
export function createConfigHandlers(
  files: Files,
  bus: Bus,
  more: MoreChecks,
): Readonly<Record<string, Handler>> {
  /**
   * Whether the session that a call carries may do that: uhttpd has asked for the method, not for the package. What is not the id of
   * one that rpcd knows stages nothing, nowhere.
   */
  const mayUse = async (session: string, right: 'read' | 'write'): Promise<boolean> => {
    if (session === '') return true;
    if (!/^[0-9a-f]{32}$/.test(session)) return false;
    const asked = { ubus_rpc_session: session, scope: 'uci', object: PACKAGE, function: right };
    const reply = await bus.call('session', 'access', asked, ASK_MS);
    return reply.ok && reply.value['access'] === true;
  };
  const guarded =
    (
      right: 'read' | 'write',
      work: (staged: Staged, args: Arguments, session: string) => Reply | Promise<Reply>,
    ): Handler =>
    async (args) => {
      const session = textOf(args, 'ubus_rpc_session');
      if (!(await mayUse(session, right)))
        return new Refusal(PERMISSION_DENIED, `The session may not ${right} the package ${PACKAGE}.`);
      const staged = load(files, session);
      // From here to the write nobody of this program comes in between.
      return staged.ok ? work(staged.value, args, session) : broken(staged.error);
    };
  const editing = (toEdit: (args: Arguments) => SectionEdit): Handler =>
    guarded('write', (staged, args) => {
      const plan: EditPlan = planEdit(staged.staged, toEdit(args), more);
      const done = stage(files, staged, plan.changes);
      if (!done.ok) return new Refusal(UNKNOWN_ERROR, done.error);
      return edited(!plan.problems.some(refuses), plan.section, plan.problems, plan.changes.length);
    });
  const written = (kind: 'set' | 'add'): Handler =>
    editing((args) => {
      const { options, before } = args;
      return {
        kind,
        name: textOf(args, 'name') || null,
        type: textOf(args, 'type'),
        options: typeof options === 'object' ? options : {},
        before: typeof before === 'string' ? before : null,
      };
    });

  return {
    get: guarded('read', ({ committed, staged, changes }, args) => {
      const view = viewPackage(committed, staged, more);
      const [type, name] = [textOf(args, 'type'), textOf(args, 'name')];
      const all = view.sections.filter(
        (section) =>
          (type === '' || section.type === type) &&
          (name === '' || section.name === name || `@${section.type}[${section.index}]` === name),
      );
      const offset = Number(args['offset'] ?? 0);
      const reply = {
        sections: page(all.slice(offset)).map((section) => ({
          ...section,
          problems: shown(section.problems),
        })),
        total: all.length,
        changes: changes.length,
        problems: shown(view.problems),
      };
      return toTable(reply satisfies WanSections);
    }),
    set: written('set'),
    add: written('add'),
    delete: editing((args) => ({ kind: 'delete', name: textOf(args, 'name') })),
    changes: guarded('read', ({ changes }) =>
      toTable({
        changes: page(
          changes.map(({ op, section, option, value }) => [
            op,
            section,
            ...(option === undefined ? [] : [option]),
            ...(value === undefined ? [] : [value]),
          ]),
        ),
        total: changes.length,
      } satisfies WanChanges),
    ),
    revert: guarded('write', ({ deltaFolder, changes }) => {
      if (changes.length === 0) return edited(true, '', [], 0);
      const done = files.replace(`${deltaFolder}/${PACKAGE}`, new Uint8Array(0));
      return done.ok ? edited(true, '', [], changes.length) : new Refusal(UNKNOWN_ERROR, done.error.message);
    }),
    commit: guarded('write', async ({ committed, staged, changes }, _args, session) => {
      const problems = newProblems(committed, staged, more);
      if (problems.some(({ severity }) => severity === 'error')) return edited(false, '', problems, 0);
      // rpcd does it: it locks the file against libuci's other users, which QuickJS cannot, and has procd tell of it.
      const args = { config: PACKAGE, ...(session === '' ? {} : { ubus_rpc_session: session }) };
      const done = await bus.call('uci', 'commit', args, ASK_MS);
      return done.ok
        ? edited(true, '', problems, changes.length)
        : broken(`rpcd does not commit (${done.error.message}): 'uci commit mwan3' and 'reload_config' do.`);
    }),
  };
}
