// The place where the lines for a shell are that prove to have a CA's key: they sign what names the account.

export function proofLines(uin: string): string {
  return [
    `CN=$(printf iothub_${uin} | sha256sum | cut -c 1-64)`,
    'openssl req -new -newkey rsa:2048 -nodes -keyout verify.key -subj "/CN=$CN" -out verify.csr',
    'openssl x509 -req -in verify.csr -CA ca.pem -CAkey ca.key -CAcreateserial -sha256 -days 30 -out verify.pem',
  ].join('\n');
}
