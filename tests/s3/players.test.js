// The players at films in a bucket: segments are read from there by ranges.

import { after, before, describe } from 'node:test';

import { newUser } from '../support/client.js';
import { describeFilms } from '../support/players/films.js';
import { openTheatre } from '../support/players/theatre.js';
import { startS3 } from '../support/s3.js';
import { startServer } from '../support/server.js';

describe('films in a bucket', () => {
  let s3, server, owner, theatre;

  before(async () => {
    [s3, theatre] = await Promise.all([startS3(), openTheatre()]);
    server = await startServer({ env: s3.settings() });
    owner = await newUser(server);
  });
  after(async () => {
    await theatre?.close();
    await server?.stop();
    await s3?.stop();
  });

  describeFilms(() => ({ server, owner, theatre }), ['plain', 'audio 0.7 s late', 'fragmented', 'audio only']);

  describe('in a playback session', () => {
    describeFilms(() => ({ server, owner, theatre }), ['plain'], { visibility: 'private' });
  });
});
