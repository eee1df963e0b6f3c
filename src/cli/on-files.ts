/** The commands that work on files, alone or among others: one part of the program, since they share what reads and compiles. */
export { explainCommand } from './explain.ts';
export { runImport } from './import.ts';
export { checkFolder } from './offline.ts';
export { applyCommand, planCommand } from './pair.ts';
export { print } from './print.ts';
