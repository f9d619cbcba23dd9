// The place where a page tells a certificate from other texts; the server reads it.

/** PEM of one certificate, as far as a page can tell. */
export function isCertificate(text: string): boolean {
  const body = text.trim().match(/^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----$/);
  return body !== null;
}
