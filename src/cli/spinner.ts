/**
 * Apart from what every command loads: a bundle that imports while it runs has no code kept for it (fs/compiled.ts).
 */
export const importOra = () => import('ora');
