/**
 * Why nft, ip or conntrack did not do what was asked.
 * - `absent`: the program is not installed, or the kernel lacks what it needs.
 * - `refused`: it understood and refused; nothing was changed, or (`ip -batch`) what stands before `line`.
 * - `timeout`: it was ended because it took too long.
 * - `malformed`: its answer is nothing that this version understands.
 */
export interface KernelError {
  readonly code: 'absent' | 'refused' | 'timeout' | 'malformed';
  /** A whole sentence that names the program and its own reason. */
  readonly message: string;
}
