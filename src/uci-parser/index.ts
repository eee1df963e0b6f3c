/**
 * uci-parser: OpenWrt's UCI configuration, read and written as libuci does, and edited in place without loss.
 * Imports nothing and touches nothing: files come in through `UciFiles`.
 */
export { parseAddress, type UciAddress } from './address.ts';
export {
  applyDelta,
  parseDelta,
  printDelta,
  type UciChange,
  type UciDelta,
  type UciOperation,
} from './delta.ts';
export { applyEdits, editPackage, type UciEdit, type UciEditError } from './edit.ts';
export type { UciFileError, UciFileInfo, UciFiles } from './files.ts';
export {
  findSection,
  optionList,
  optionText,
  sectionsOfType,
  type UciPackage,
  type UciParseError,
  type UciResult,
  type UciSection,
  type UciValue,
} from './model.ts';
export { anonymousId, isName, isPackageName, isType, quote } from './names.ts';
export { type ParseOptions, parsePackage, parsePackages } from './parse.ts';
export { exportPackage, type PrintOptions, printPackage } from './print.ts';
export {
  createUciStore,
  type UciStore,
  type UciStoreError,
  type UciStoreErrorCode,
  type UciStoreOptions,
} from './store.ts';
export { decodeText, encodeText } from './text.ts';
