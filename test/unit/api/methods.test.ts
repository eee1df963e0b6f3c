import { describe, expect, it } from 'vitest';
import { OBJECTS, type ObjectSpec } from '../../../src/api/methods.ts';
import { checkArguments } from '../../../src/app/arguments.ts';
import type { BusTable } from '../../../src/ports/bus.ts';
import { createFakeRouter } from '../../fakes/router.ts';

const TABLE: readonly (readonly [string, ObjectSpec])[] = Object.entries(OBJECTS);

describe('the table of methods', () => {
  it('is what the service provides: objects, methods and signatures', () => {
    const router = createFakeRouter();
    router.start();
    const provided = [...router.bus.provided].map(([path, methods]) => [
      path,
      Object.fromEntries(methods.map(({ name, args }) => [name, args])),
    ]);
    const wanted = TABLE.map(([path, { methods }]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([name, { args }]) => [
          name,
          Object.fromEntries(Object.entries(args).map(([argument, { type }]) => [argument, type])),
        ]),
      ),
    ]);
    expect(provided).toEqual(wanted);
  });

  it('has sound ranges', () => {
    for (const [, { methods }] of TABLE) {
      for (const { args } of Object.values(methods)) {
        for (const spec of Object.values(args)) {
          if (spec.min !== undefined && spec.max !== undefined)
            expect(spec.min).toBeLessThanOrEqual(spec.max);
          expect(spec.text).toMatch(/\.$/);
        }
      }
    }
  });
});

describe('checkArguments', () => {
  const spec = {
    access: 'read',
    args: {
      count: { type: 'int32', min: -1, max: 5, text: '' },
      any: { type: 'int32', text: '' },
      flag: { type: 'boolean', text: '' },
      word: { type: 'string', required: true, oneOf: ['a', 'b'], text: '' },
      text: { type: 'string', maxLength: 3, text: '' },
    },
    reply: 'empty',
    text: '',
  } as const;

  it('passes what fits and drops the session', () => {
    const args = { word: 'a', count: -1, any: -2147483648, flag: false, text: 'abc' };
    expect(checkArguments(spec, { ...args, ubus_rpc_session: 'x' })).toEqual({ ok: true, value: args });
  });

  it.each<[string, BusTable]>([
    ["Argument 'word' is missing.", {}],
    ["Argument 'word' must be one of a, b.", { word: 'c' }],
    ["Argument 'word' must be a string.", { word: 1 }],
    ["Argument 'count' must be from -1 to 5.", { word: 'a', count: 6 }],
    ["Argument 'count' must be an integer.", { word: 'a', count: 1.5 }],
    ["Argument 'any' must be from -2147483648 to 2147483647.", { word: 'a', any: 2147483648 }],
    ["Argument 'any' must be an integer.", { word: 'a', any: 10n }],
    ["Argument 'flag' must be a boolean.", { word: 'a', flag: 1 }],
    ["Argument 'flag' must be a boolean.", { word: 'a', flag: null }],
    ["Argument 'text' must have at most 3 characters.", { word: 'a', text: 'abcd' }],
    ["Argument 'text' must be a string.", { word: 'a', text: ['x'] }],
    ["Argument 'constructor' is unknown.", { word: 'a', constructor: 'x' }],
    ["Argument 'new?line' is unknown.", { word: 'a', 'new\nline': 'x' }],
  ])('refuses: %s', (error, given) => {
    expect(checkArguments(spec, given)).toEqual({ ok: false, error });
  });
});
