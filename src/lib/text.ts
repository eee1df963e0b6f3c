/** UTF-8 without loss, as uci-parser has it: QuickJS has no TextEncoder. */
export { decodeText, encodeText } from 'uci-parser';
