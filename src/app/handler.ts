/** What a method of ours gives: its reply, now or later, or a refusal with ubus' number (ubusmsg.h) and why. */
import type { BusTable } from '../ports/bus.ts';
import type { Arguments } from './arguments.ts';

export class Refusal {
  constructor(
    readonly status: number,
    readonly why: string,
  ) {}
}

export type Reply = BusTable | Refusal;
export type Handler = (args: Arguments) => Reply | Promise<Reply>;

/** Our replies are plain data of the api's types, which have no index signature. */
export function toTable(value: object): BusTable {
  return value as unknown as BusTable;
}
