// Holds every answer against the server's own OpenAPI document: the status is listed, the media type is right, the
// body has the schema's shape, the header fields are those listed, with values of their schemas, and the required ones
// are there, and a problem document is one of the catalogue.

import assert from 'node:assert/strict';

import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020.js';

/** Pages for people and their assets need not be in the API document. */
const PAGES = [/^\/$/, /^\/docs(\/|$)/, /^\/redoc(\/|$)/, /^\/problems\/[^/]+$/, /^\/openapi\.json$/, /^\/favicon\.ico$/];

/** What the HTTP layer answers before it knows which operation is meant; any operation may get these. */
const BEFORE_ROUTING = new Set([
  'bad_request', 'request_timeout', 'uri_too_long', 'headers_too_large', 'expectation_failed', 'not_implemented',
  'version_not_supported', 'unavailable',
]);

/** What frames a message is not the operation's, and `Content-Type` is listed as the media type of the content. */
const FRAMING = new Set(['date', 'connection', 'content-length', 'content-type', 'transfer-encoding']);

/** Problem types that other specifications define: the codes that have them here, and their own members. */
const REGISTERED = {
  'https://iana.org/assignments/http-problem-types#mismatching-upload-offset': { codes: ['upload_offset_mismatch'], members: ['expected-offset', 'provided-offset'] },
  'https://iana.org/assignments/http-problem-types#inconsistent-upload-length': { codes: ['upload_length_mismatch', 'upload_length_exceeded'], members: [] },
};

const PROBLEM = 'application/problem+json';
const mediaType = (answer) => (answer.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();

export class Contract {
  #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  #compiled = new Map();
  #templates = [];

  constructor(document) {
    this.document = document;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(document, 'openapi', false, false);
    for (const [template, item] of Object.entries(document.paths)) {
      const pattern = template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+');
      this.#templates.push({ template, item, pattern: new RegExp(`^${pattern}$`), variables: template.split('{').length - 1 });
    }
    this.#templates.sort((a, b) => a.variables - b.variables);
  }

  /** All operations: `{id, method, template, operation, pointer}`. */
  operations() {
    const methods = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];
    return this.#templates.flatMap(({ template, item }) =>
      methods.filter((method) => item[method]).map((method) => this.#operation(template, item, method)));
  }

  operation(id) {
    const found = this.operations().find((operation) => operation.id === id);
    assert.ok(found, `the document has no operation ${id}`);
    return found;
  }

  /** The operation that a method and path mean, or undefined. HEAD means what GET means. */
  find(method, path) {
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const entry = this.#templates.find(({ pattern }) => pattern.test(bare));
    if (!entry) return undefined;
    const name = method.toLowerCase();
    if (entry.item[name]) return this.#operation(entry.template, entry.item, name);
    if (name === 'head' && entry.item.get) return this.#operation(entry.template, entry.item, 'get');
    return undefined;
  }

  hasPath(path) {
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    return this.#templates.some(({ pattern }) => pattern.test(bare));
  }

  /** The error codes that an operation lists, as `[{status, code}]`. */
  errorsOf({ operation }) {
    return Object.entries(operation.responses).flatMap(([status, response]) => {
      if (Number(status) < 400) return [];
      const codes = errorCodes(this.resolve(response), (value) => this.resolve(value));
      assert.ok(codes.length > 0, `${operation.operationId} lists ${status} without saying with which codes`);
      return codes.map((code) => ({ status: Number(status), code }));
    });
  }

  resolve(value) {
    let found = value;
    while (found && typeof found.$ref === 'string') {
      found = found.$ref.slice(2).split('/').reduce((at, key) => at[unescape(key)], this.document);
    }
    return found;
  }

  /** Throws unless the document allows this answer to this request. */
  check({ method, path, answer, publicUrl }) {
    const where = `${method} ${path} -> ${answer.status}`;
    const { pathname } = new URL(path, 'http://host');
    if (answer.status >= 400 && !this.#isReport(method, pathname, answer)) this.#checkProblem(where, method, answer, publicUrl);
    if (method === 'OPTIONS') return;
    const found = this.find(method, pathname);
    if (!found) {
      if (PAGES.some((page) => page.test(pathname))) return;
      const expected = this.hasPath(pathname) ? [405] : [404];
      assert.ok([...expected, 400, 408, 414, 417, 431, 501, 503, 505].includes(answer.status), `${where}: the document does not list this operation`);
      return;
    }
    const response = this.resolve(found.operation.responses[answer.status]);
    if (!response) {
      const code = answer.status >= 400 && answer.body.length > 0 ? answer.json().code : undefined;
      assert.ok(BEFORE_ROUTING.has(code), `${where} (${code}): the document lists only ${Object.keys(found.operation.responses)} for ${found.id}`);
      return;
    }
    if (mediaType(answer) === PROBLEM && answer.body.length > 0) {
      const codes = this.errorsOf(found).filter(({ status }) => status === answer.status).map(({ code }) => code);
      const { code } = answer.json();
      assert.ok(codes.includes(code) || BEFORE_ROUTING.has(code), `${where}: ${found.id} does not list ${code}, only ${codes}`);
    }
    this.#checkHeaders(where, response, answer);
    this.#checkBody(where, found, response, method, answer);
  }

  /** Whether an answer of failure is a document of its own, listed as such: the detailed health of a sick service. */
  #isReport(method, pathname, answer) {
    if (mediaType(answer) !== 'application/json') return false;
    const response = this.resolve(this.find(method, pathname)?.operation.responses[answer.status]);
    return response?.content?.['application/json'] !== undefined;
  }

  #operation(template, item, method) {
    const operation = item[method];
    return { id: operation.operationId, method: method.toUpperCase(), template, operation, pointer: `#/paths/${escape(template)}/${method}` };
  }

  #checkProblem(where, method, answer, publicUrl) {
    assert.equal(mediaType(answer), PROBLEM, `${where}: errors are problem documents`);
    if (method === 'HEAD') return;
    const problem = answer.json();
    assert.equal(problem.status, answer.status, `${where}: the status member`);
    assert.match(problem.code, /^[a-z_]+$/, `${where}: code`);
    assert.match(problem.instance, /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, `${where}: instance`);
    const registered = REGISTERED[problem.type];
    if (registered) assert.ok(registered.codes.includes(problem.code), `${where}: ${problem.code} of type ${problem.type}`);
    else assert.ok(problem.type.endsWith(`/problems/${problem.code}`), `${where}: type ${problem.type}`);
    if (publicUrl && !registered) assert.equal(problem.type, `${publicUrl}/problems/${problem.code}`, `${where}: type`);
    assert.ok(problem.title && problem.detail, `${where}: title and detail`);
    const expected = ['code', 'detail', ...(answer.status === 422 && problem.errors ? ['errors'] : []), 'instance', 'status', 'title', 'type', ...(registered?.members ?? [])];
    assert.deepEqual(Object.keys(problem).sort(), expected.sort(), `${where}: members`);
    for (const name of registered?.members ?? []) assert.ok(Number.isInteger(problem[name]), `${where}: ${name}`);
    if (problem.code === 'validation_failed') {
      assert.ok(problem.errors.length > 0, `${where}: a validation error names what is wrong`);
      for (const error of problem.errors) assert.match(error.pointer, /^#(\/[^/]+)*$/, `${where}: pointer`);
    }
    if (answer.status === 401) assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer\b/, `${where}: WWW-Authenticate`);
    if (answer.status === 405) assert.ok(answer.headers.allow, `${where}: Allow`);
    // What failed inside is for the log only.
    assert.doesNotMatch(answer.text(), /sqlite|SELECT |INSERT |std::|boost::|terminate called|\/src\//i, `${where}: internals`);
  }

  #checkHeaders(where, response, answer) {
    const listed = new Map(Object.entries(response.headers ?? {}).map(([name, header]) => [name.toLowerCase(), header]));
    for (const [name, header] of listed) {
      if (this.resolve(header).required) assert.ok(name in answer.headers, `${where}: the header field ${name} is missing`);
    }
    for (const [name, value] of Object.entries(answer.headers)) {
      if (FRAMING.has(name)) continue;
      assert.ok(listed.has(name), `${where}: the document lists no header field ${name}`);
      for (const line of [value].flat()) this.#checkHeader(where, name, listed.get(name), line); // Set-Cookie comes as a list
    }
  }

  #checkHeader(where, name, header, value) {
    const pointer = `${header.$ref}/schema`;
    if (!this.#compiled.has(pointer)) this.#compiled.set(pointer, this.#ajv.compile({ $ref: `openapi${pointer}` }));
    const validate = this.#compiled.get(pointer);
    const { type } = this.resolve(header).schema;
    const read = type === 'integer' && /^-?\d+$/.test(value) ? Number(value) : value;
    assert.ok(validate(read), `${where}: ${name}: ${this.#ajv.errorsText(validate.errors)}, sent: ${value}`);
  }

  #checkBody(where, found, response, method, answer) {
    const types = Object.keys(response.content ?? {});
    if (method === 'HEAD' || answer.status === 304) {
      assert.equal(answer.body.length, 0, `${where}: no body`);
      return;
    }
    if (types.length === 0) {
      assert.equal(answer.body.length, 0, `${where}: the document lists no body`);
      return;
    }
    // Of several operations with one path and method, one may answer this status without content.
    if (response['x-content-optional'] && answer.body.length === 0 && answer.headers['content-type'] === undefined) return;
    const type = mediaType(answer);
    const listed = types.find((candidate) => matches(candidate, type));
    assert.ok(listed, `${where}: media type ${type}, the document lists ${types}`);
    if (!/[/+]json$/.test(type) || !response.content[listed].schema) return;
    const validate = this.#compile(found, answer.status, listed);
    if (!validate(answer.json())) {
      assert.fail(`${where}: ${this.#ajv.errorsText(validate.errors)} in ${answer.text().slice(0, 500)}`);
    }
  }

  #compile(found, status, type) {
    const response = found.operation.responses[status];
    const base = response.$ref ?? `${found.pointer}/responses/${status}`;
    const pointer = `${base}/content/${escape(type)}/schema`;
    if (!this.#compiled.has(pointer)) this.#compiled.set(pointer, this.#ajv.compile({ $ref: `openapi${pointer}` }));
    return this.#compiled.get(pointer);
  }
}

/** The stable codes that a response's problem schema allows, wherever the document puts them. */
function errorCodes(response, resolve) {
  const content = response.content?.[PROBLEM];
  if (!content) return [];
  const codes = new Set();
  for (const example of Object.values(content.examples ?? {})) codes.add(resolve(example).value?.code);
  const visit = (schema) => {
    const found = resolve(schema);
    if (!found) return;
    for (const code of found.properties?.code?.enum ?? []) codes.add(code);
    if (found.properties?.code?.const) codes.add(found.properties.code.const);
    for (const part of [...(found.allOf ?? []), ...(found.anyOf ?? []), ...(found.oneOf ?? [])]) visit(part);
  };
  // A `code` enumerated for this response is more telling than the one of the shared component.
  if (codes.size === 0) visit(content.schema);
  codes.delete(undefined);
  return [...codes];
}

const matches = (pattern, type) =>
  pattern === '*/*' || pattern.toLowerCase() === type || (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1)));
const escape = (key) => encodeURIComponent(key.replace(/~/g, '~0').replace(/\//g, '~1'));
const unescape = (key) => decodeURIComponent(key).replace(/~1/g, '/').replace(/~0/g, '~');
