/** UCI files as text, from sections that tests write. Pure. */

/** A section's options; a list option is an array. */
export type Options = Readonly<Record<string, string | number | readonly string[]>>;

/** `config TYPE 'NAME'` and its options; values here never hold a quote. */
export function section(type: string, name: string, options: Options): string {
  const lines = Object.entries(options).flatMap(([option, value]) =>
    typeof value === 'object'
      ? value.map((item) => `\tlist ${option} '${item}'`)
      : [`\toption ${option} '${value}'`],
  );
  return `${[`config ${type}${name === '' ? '' : ` '${name}'`}`, ...lines].join('\n')}\n`;
}

export const file = (...sections: readonly string[]): string => sections.join('\n');
