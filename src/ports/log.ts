/** Severities by their syslog names (RFC 5424, 6.2.1); `err` and `warning` are what `logread` shows. */
export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'err';

/** Where messages for the administrator go: syslog on the router, standard error elsewhere. */
export interface Log {
  /** One line, without a newline at its end. Secrets never get here: callers log names, not values. */
  write(level: LogLevel, message: string): void;
}
