// The players that people have, at what the server makes of files as they come from cameras and encoders: each plays,
// seeks and ends, with picture and sound together.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newUser } from '../support/client.js';
import { assertPlayed, delaySound, driftOf, hurrySound } from '../support/players/film.js';
import { describeFilms, uploadFilm } from '../support/players/films.js';
import { openTheatre, PLAYERS } from '../support/players/theatre.js';
import { startServer } from '../support/server.js';

let server, owner, theatre;
const stage = () => ({ server, owner, theatre });

before(async () => {
  [server, theatre] = await Promise.all([startServer(), openTheatre()]);
  owner = await newUser(server);
});
after(async () => {
  await theatre?.close();
  await server?.stop();
});

describeFilms(stage, [
  'plain', 'edit inside a GOP', 'audio 0.7 s late', 'QuickTime sound', 'negative composition offsets', 'variable frame rate',
  'audio only', 'fragmented', 'VP9 and Opus', 'FLAC', 'rotated', 'audio of two codecs',
]);

describe('in a playback session', () => {
  describeFilms(stage, ['plain', 'audio only'], { visibility: 'private' });
});

describe('a film whose sound is off', { concurrency: 7 }, () => {
  const OFF = 0.1;
  let film;
  before(async () => {
    film = await uploadFilm(stage(), 'plain');
  });

  const hooked = Object.entries(PLAYERS).filter(([, { isNative }]) => !isNative).map(([player]) => player);
  const play = (player, spoil) => theatre.play(player, film.address(player), { spoil });
  const assertNoticed = (seen, player) => assert.throws(() => assertPlayed(seen, film.expected(player)), assert.AssertionError);

  for (const player of hooked) {
    test(`by the init segment is noticed with ${player}`, async () => {
      const seen = await play(player, hurrySound(OFF));
      const { end } = driftOf(seen, film.timeline);
      assert.ok(Math.abs(end - OFF) < 0.03, `drift of ${end} s: ${JSON.stringify(seen)}`);
      assertNoticed(seen, player);
    });
  }

  // Shaka puts segments of HLS where the playlist says, whatever they say themselves.
  for (const player of hooked.filter((name) => name !== 'Shaka, HLS')) {
    test(`by its segments is noticed with ${player}`, async () => {
      const seen = await play(player, delaySound(OFF));
      const { begin } = driftOf(seen, film.timeline);
      assert.ok(Math.abs(begin + OFF) < 0.03, `drift of ${begin} s: ${JSON.stringify(seen)}`);
      assertNoticed(seen, player);
    });
  }
});
