import { notFoundError, type WalqError } from '../base/errors.ts';

/** E_NO_STORE (1), the same words whoever looks. `there`: something is at the path, but no store. */
export function noStoreError(storeDir: string, there = false): WalqError {
  const what = there ? `${storeDir} is a folder without a store in it` : `there is no store at ${storeDir}`;
  return notFoundError('E_NO_STORE', what, {
    data: { store: storeDir },
    next: 'walq queue enqueue creates one; --store or WALQ_STORE names another',
  });
}
