/**
 * How many items of a list the status shows. ubusd cuts off who sends more than 1 MiB in one message, and with it all of
 * its objects; these keep the longest status below 700 KiB. What is cut is named as a problem (`too-many-sections`).
 */
export const LIMITS = {
  /** mwan3's mask has room for 60 WANs by default. */
  wans: 64,
  policies: 64,
  members: 32,
  instances: 64,
  groups: 64,
  addresses: 32,
  problems: 200,
} as const;
