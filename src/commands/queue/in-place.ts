import { WalqError } from '../../base/errors.ts';

/** The same error, told with the place it comes from: 'jobs.json: line 3: ...'. */
export function inPlace(error: WalqError, place: string, data: Readonly<Record<string, unknown>> = {}): WalqError {
  return new WalqError(error.exit, error.code, `${place}: ${error.message}`, {
    data: { ...error.data, ...data },
    ...(error.next !== undefined && { next: error.next }),
    cause: error,
  });
}
