/**
 * The main part of a router's first process: brings up ubusd, registers `service`, `log` and `system`, and runs the enabled
 * init scripts (/etc/rc.d/S*) in their order; at SIGTERM it runs /etc/rc.d/K*, stops what still runs, and ends.
 *
 * Simpler than procd: /sbin/init itself is a shell (test/openwrt/root/usr/sbin/init) that starts this program and reaps
 * orphans, because Node reaps only its own children. Nothing is mounted, no kernel uevents are read, there is no watchdog
 * and no failsafe; the log is kept here and not by logd; the boot is not split into states.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { BASE_ENV, runScript } from './program.ts';
import { createServices } from './services.ts';
import type { BusTable, StandInBus } from './stand-in-bus.ts';
import { createFileLog, receiveDevLog } from './system-log.ts';
import { SYSTEM_METHODS } from './system-object.ts';
import { createTriggers } from './triggers.ts';

const UBUS_SOCKET = '/var/run/ubus/ubus.sock';
const LOG_FILE = '/var/run/log/messages';
const RC_FOLDER = '/etc/rc.d';
/** What /etc/init.d/boot makes on the RAM disk. */
const FOLDERS = [
  ...['/var/run/ubus', '/var/lock', '/var/log', '/var/run/log', '/var/lib', '/var/etc'],
  ...['/tmp/hosts', '/tmp/resolv.conf.d', '/tmp/.uci', '/tmp/state'],
];
const UBUSD_PAUSE_MS = 1000;

/** `connect` makes a connection to ubusd that comes back by itself. */
export function runInit(connect: (socket: string) => StandInBus): void {
  for (const folder of FOLDERS) mkdirSync(folder, { recursive: true });
  const log = createFileLog(LOG_FILE);
  const say = (message: string) => log.write('daemon', 'info', 'procd', message);
  const endDevLog = receiveDevLog(log);
  let isStopping = false;
  let ubusdMayEnd = false;

  function startUbusd(): void {
    // A socket that a killed ubusd left behind cannot be bound again.
    if (existsSync(UBUS_SOCKET)) unlinkSync(UBUS_SOCKET);
    const child = spawn('/sbin/ubusd', ['-s', UBUS_SOCKET], {
      env: BASE_ENV,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', (error) => say(`ubusd could not be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      say(`ubusd ended (${signal ?? code}).`);
      if (!ubusdMayEnd) setTimeout(startUbusd, UBUSD_PAUSE_MS);
    });
  }

  say('- ubus -');
  startUbusd();
  const bus = connect(UBUS_SOCKET);
  const triggers = createTriggers((argv) => runScript(argv, log));
  const services = createServices(log, triggers, (name: string, data: BusTable) => object.notify(name, data));
  const object = bus.provide('service', services.methods);
  bus.provide('log', log.methods);
  bus.provide('system', SYSTEM_METHODS);
  // netifd's notifications are triggers as well: `interface.update`, `interface.down`.
  bus.subscribe('network.interface', (name, data) => triggers.fire(name, data));

  async function runAll(kind: 'S' | 'K', action: string): Promise<void> {
    const links = existsSync(RC_FOLDER) ? readdirSync(RC_FOLDER).filter((link) => link.startsWith(kind)) : [];
    for (const link of links.sort()) {
      const name = link.replace(/^[SK]\d*/, '');
      const status = await runScript([`/etc/init.d/${name}`, action], log);
      if (status !== 0) say(`${name} ${action} ended with ${status}.`);
    }
  }

  async function powerOff(): Promise<void> {
    if (isStopping) return;
    isStopping = true;
    say('- shutdown -');
    await runAll('K', 'shutdown');
    for (const name of services.names().reverse()) await services.remove(name);
    ubusdMayEnd = true;
    endDevLog();
    bus.close();
    process.exit(0);
  }

  bus.onConnected(() => {
    say('- init -');
    void runAll('S', 'boot').then(() => say('- init complete -'));
  });
  process.on('SIGTERM', () => void powerOff());
  process.on('SIGINT', () => void powerOff());
}
