// The place where the server's error codes become sentences.
import type { TFunction } from 'i18next';
import { ApiError } from './client';

/** A sentence for people: ours where we have one for the code, else the server's. */
export function errorText(t: TFunction, error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  const key = error.code.replaceAll('.', '_');
  const known = t(`error.${key}` as never, { defaultValue: '' }) as string;
  const text = known || error.message;
  return error.requestId ? `${text} (${error.code}, ${error.requestId})` : text;
}

/** The same without code and request id, to stand under a field. */
export function fieldText(t: TFunction, error: ApiError): string {
  const key = error.code.replaceAll('.', '_');
  return (t(`error.${key}` as never, { defaultValue: '' }) as string) || error.message;
}
