import { notFoundError, type WalqError } from '../base/errors.ts';

const found = {
  nothing: (dir: string) => `there is no store at ${dir}`,
  folder: (dir: string) => `${dir} is a folder without a store in it`,
  unfinished: (dir: string) => `there is no store at ${dir} yet: its creation did not finish`,
} as const;

/** E_NO_STORE (1), the same words whoever looks. */
export function noStoreError(storeDir: string, what: keyof typeof found = 'nothing'): WalqError {
  return notFoundError('E_NO_STORE', found[what](storeDir), {
    data: { store: storeDir },
    next: 'walq queue enqueue creates one; --store or WALQ_STORE names another',
  });
}
