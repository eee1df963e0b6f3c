/// <reference path="./modules.d.ts" />
import { strerror } from 'std';

/** errno by number, Linux (asm-generic/errno-base.h): the same on every architecture. QuickJS gives numbers only. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  4: 'EINTR',
  5: 'EIO',
  9: 'EBADF',
  10: 'ECHILD',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  16: 'EBUSY',
  17: 'EEXIST',
  18: 'EXDEV',
  20: 'ENOTDIR',
  21: 'EISDIR',
  22: 'EINVAL',
  23: 'ENFILE',
  24: 'EMFILE',
  26: 'ETXTBSY',
  27: 'EFBIG',
  28: 'ENOSPC',
  30: 'EROFS',
  32: 'EPIPE',
  34: 'ERANGE',
};
/** Above 34 the numbers differ: asm-generic/errno.h … */
const GENERIC: Readonly<Record<number, string>> = {
  36: 'ENAMETOOLONG',
  38: 'ENOSYS',
  39: 'ENOTEMPTY',
  40: 'ELOOP',
  111: 'ECONNREFUSED',
  122: 'EDQUOT',
};
/** … and arch/mips/include/uapi/asm/errno.h. Many routers are MIPS. */
const MIPS: Readonly<Record<number, string>> = {
  78: 'ENAMETOOLONG',
  89: 'ENOSYS',
  90: 'ELOOP',
  93: 'ENOTEMPTY',
  146: 'ECONNREFUSED',
  1133: 'EDQUOT',
};
/** The text of ELOOP: "Too many levels of symbolic links" in glibc, "Symbolic link loop" in musl. */
const highNames = /symbolic link/i.test(strerror(90)) ? MIPS : GENERIC;

/** The name of an errno given as a positive or negative number. */
export function errnoName(errno: number): string {
  const number = Math.abs(errno);
  return NAMES[number] ?? highNames[number] ?? 'EUNKNOWN';
}
