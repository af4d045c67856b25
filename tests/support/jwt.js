// JSON Web Tokens (RFC 7519) signed by hand, for tokens that the server must refuse.

import { createHmac } from 'node:crypto';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/** `{header, claims}` of a token, unverified. */
export function decodeToken(token) {
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('utf8'));
  return { header: JSON.parse(header), claims: JSON.parse(claims) };
}

/** A token over these claims, signed with `secret` by the algorithm that the header names, or by `sign`. */
export function signToken(header, claims, secret, sign = header.alg) {
  const input = `${encode(header)}.${encode(claims)}`;
  if (!HASHES[sign]) return `${input}.`;
  return `${input}.${createHmac(HASHES[sign], secret).update(input).digest('base64url')}`;
}
