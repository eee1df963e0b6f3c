/** Where OpenWrt keeps these; /var/lock and /var/run are in RAM. */
export const CONNTRACKD_PLACES = {
  lockFile: '/var/lock/conntrack.lock',
  controlSocket: '/var/run/conntrackd.ctl',
  logTo: { kind: 'syslog' },
} as const;
