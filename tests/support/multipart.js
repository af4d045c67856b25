// multipart/form-data (RFC 7578) built by hand, so that a test decides about every byte.

const CRLF = '\r\n';

/** Browsers escape a quote and line ends in a name this way (WHATWG HTML, multipart/form-data encoding). */
const escapeName = (name) => name.replace(/"/g, '%22').replace(/\r/g, '%0D').replace(/\n/g, '%0A');

/** A text field. */
export const field = (name, value) => ({ name, value });

/** A file part; `type: null` leaves its Content-Type out. */
export const file = (name, filename, value, type = 'application/octet-stream') => ({ name, filename, value, type });

/** The head of one part; `disposition` replaces the whole Content-Disposition value when it is given. */
function partHead({ name, filename, type, disposition, headers = [] }) {
  let value = disposition;
  if (value === undefined) {
    value = `form-data; name="${escapeName(name)}"`;
    if (filename !== undefined) value += `; filename="${escapeName(filename)}"`;
  }
  const lines = [];
  if (value !== null) lines.push(`Content-Disposition: ${value}`);
  if (type) lines.push(`Content-Type: ${type}`);
  for (const [key, text] of headers) lines.push(`${key}: ${text}`);
  return lines.map((line) => line + CRLF).join('') + CRLF;
}

/** The whole message. A part is made by `field` or `file`, or is a Buffer that stands between two boundaries as is. */
export function multipart(parts, { boundary = 'xYzZY-0123456789', preamble = '', epilogue = CRLF, close = true } = {}) {
  const pieces = [Buffer.from(preamble)];
  for (const part of parts) {
    pieces.push(Buffer.from(`--${boundary}${CRLF}`));
    if (Buffer.isBuffer(part)) pieces.push(part);
    else pieces.push(Buffer.from(partHead(part)), Buffer.isBuffer(part.value) ? part.value : Buffer.from(part.value ?? ''));
    pieces.push(Buffer.from(CRLF));
  }
  if (close) pieces.push(Buffer.from(`--${boundary}--${epilogue}`));
  return { body: Buffer.concat(pieces), type: `multipart/form-data; boundary=${boundary}` };
}

/** The parts of a multipart/byteranges answer (RFC 9110 section 14.6) as `{headers, body}`; throws when malformed. */
export function parseByteRanges(contentType, body) {
  const boundary = /^multipart\/byteranges;\s*boundary="?([^";]+)"?$/i.exec(contentType)?.[1];
  if (!boundary) throw new Error(`not multipart/byteranges: ${contentType}`);
  const parts = [];
  const opener = Buffer.from(`--${boundary}`);
  let at = body.indexOf(opener);
  for (;;) {
    if (at < 0) throw new Error('the closing boundary is missing');
    at += opener.length;
    if (body.subarray(at, at + 2).toString('latin1') === '--') return parts;
    if (body.subarray(at, at + 2).toString('latin1') !== CRLF) throw new Error('no line end after a boundary');
    const headEnd = body.indexOf(CRLF + CRLF, at);
    const headers = {};
    for (const line of body.subarray(at + 2, headEnd).toString('latin1').split(CRLF)) {
      headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
    }
    const next = body.indexOf(CRLF + opener.toString(), headEnd + 4);
    parts.push({ headers, body: body.subarray(headEnd + 4, next) });
    at = next < 0 ? -1 : next + 2;
  }
}
