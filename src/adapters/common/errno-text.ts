/** Errno names in words, for messages: the same on both runtimes and with both C libraries. */
const TEXTS: Readonly<Record<string, string>> = {
  EPERM: 'the operation is not permitted',
  ENOENT: 'there is no such file or folder',
  EIO: 'the device reports an input/output error',
  EACCES: 'permission denied',
  EBUSY: 'it is in use',
  EEXIST: 'it exists already',
  EXDEV: 'it would have to cross file systems',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  EINVAL: 'it is not a regular file, or its name is not valid',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open in the system',
  EFBIG: 'it is too large',
  ENOSPC: 'no space is left',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'its name is too long',
  ENOTEMPTY: 'the folder is not empty',
  ELOOP: 'too many symbolic links',
  EDQUOT: 'the quota is used up',
  ENOMEM: 'no memory is left',
  ENOSYS: 'the kernel does not know the call',
  ECONNREFUSED: 'nothing listens there',
};

export function describeCode(code: string): string {
  const text = TEXTS[code];
  return text === undefined ? `the system says ${code}` : `${text} (${code})`;
}
