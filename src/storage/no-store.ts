import { notFoundError, refusedError, type WalqError } from '../base/errors.ts';

const found = {
  nothing: (dir: string) => `there is no store at ${dir}`,
  folder: (dir: string) => `${dir} is a folder without a store in it`,
  unfinished: (dir: string) => `there is no store at ${dir} yet: its creation did not finish`,
} as const;

/** E_NO_STORE (1), the same words whoever looks. */
export function noStoreError(storeDir: string, what: keyof typeof found = 'nothing'): WalqError {
  return notFoundError('E_NO_STORE', found[what](storeDir), {
    data: { store: storeDir },
    next:
      what === 'folder'
        ? '--store or WALQ_STORE names another; walq queue enqueue creates one in an empty folder'
        : '--store or WALQ_STORE names another; walq queue enqueue creates one',
  });
}

/** E_NO_STORE (1): none can begin there either. */
export function noRoomError(storeDir: string, { why, next }: { why: string; next: string }): WalqError {
  return notFoundError('E_NO_STORE', `the store ${storeDir} cannot be created: ${why}`, {
    data: { store: storeDir },
    next,
  });
}

/** E_NOT_A_STORE (7): a folder with other things in it, where one was to be made. */
export function notAStore(storeDir: string): WalqError {
  return refusedError('E_NOT_A_STORE', `${storeDir} is not empty and not a store`, {
    data: { store: storeDir },
    next: 'choose another folder',
  });
}
