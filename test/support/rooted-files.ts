import { join } from 'node:path';
import { nodeFiles } from '../../src/adapters/node/files.ts';
import type { Files } from '../../src/ports/files.ts';

/** The real file system below `root`: paths are taken as if `root` were `/`. */
export function rootedFiles(root: string): Files {
  const at = (path: string) => join(root, path);
  return {
    read: (path, maxBytes) => nodeFiles.read(at(path), maxBytes),
    replace: (path, content, mode) => nodeFiles.replace(at(path), content, mode),
    append: (path, content, mode) => nodeFiles.append(at(path), content, mode),
    list: (path) => nodeFiles.list(at(path)),
    info: (path) => nodeFiles.info(at(path)),
    makeFolder: (path, mode) => nodeFiles.makeFolder(at(path), mode),
    rename: (from, to) => nodeFiles.rename(at(from), at(to)),
    remove: (path) => nodeFiles.remove(at(path)),
    readLink: (path) => nodeFiles.readLink(at(path)),
  };
}
