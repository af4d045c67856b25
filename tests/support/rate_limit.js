// The RateLimit fields of an answer (draft-ietf-httpapi-ratelimit-headers-11): Lists of Strings with parameters
// (RFC 9651), parsed strictly, as far as the draft uses them.

import assert from 'node:assert/strict';

/** A List whose members are Strings with Integers as parameters: a map from String to parameters. */
function parseList(text) {
  const members = {};
  let rest = text;
  for (;;) {
    const member = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"((?:; *[a-z*][a-z0-9_.*-]*=-?\d{1,15})*)/.exec(rest);
    assert.ok(member, `not a member of a List: ${rest}`);
    const parameters = [...member[2].matchAll(/; *([^=]+)=(-?\d+)/g)].map(([, name, value]) => [name, Number(value)]);
    assert.ok(!(member[1] in members), `two members for ${member[1]}: ${text}`);
    members[member[1]] = Object.fromEntries(parameters);
    rest = rest.slice(member[0].length);
    if (rest === '') return members;
    const comma = /^[ \t]*,[ \t]*(?=.)/.exec(rest);
    assert.ok(comma, `not a List: ${text}`);
    rest = rest.slice(comma[0].length);
  }
}

/** What an answer says about limits: `{policy: {q, w, r, t}}`, empty when it says nothing. */
export function rateLimits(answer) {
  const { 'ratelimit-policy': policy, ratelimit: state } = answer.headers;
  if (policy === undefined && state === undefined) return {};
  const policies = parseList(policy);
  const states = parseList(state);
  assert.deepEqual(Object.keys(states), Object.keys(policies), 'each limit has a policy and a state');
  for (const [name, { q, w }] of Object.entries(policies)) {
    assert.ok(q > 0 && w > 0, policy);
    assert.ok(states[name].r >= 0 && states[name].r <= q && states[name].t >= 0, state);
  }
  return Object.fromEntries(Object.keys(policies).map((name) => [name, { ...policies[name], ...states[name] }]));
}

/** A 429 of that limit: it says when to come back, in both ways. Returns the seconds. */
export function assertLimited(answer, limit) {
  assert.equal(answer.status, 429, answer.text());
  assert.equal(answer.json().code, 'rate_limited');
  assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
  const told = rateLimits(answer)[limit];
  assert.ok(told, `${limit} is not among ${answer.headers['ratelimit-policy']}`);
  assert.equal(told.r, 0);
  assert.equal(told.t, Number(answer.headers['retry-after']));
  return told.t;
}
