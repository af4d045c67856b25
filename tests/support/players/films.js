// Films of the packaging corpus at a server, played by every player.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';

import { upload } from '../client.js';
import { CORPUS, corpusFile } from '../packaging_corpus.js';
import { assertPlayed, timelineOf } from './film.js';
import { PLAYERS } from './theatre.js';

/** Uploads a film of the corpus; where not everybody may see it, opens a playback session for it. */
export async function uploadFilm({ server, owner }, name, { visibility = 'public' } = {}) {
  const file = await corpusFile(name);
  const timeline = await timelineOf(file);
  const kind = timeline.video ? 'video' : 'audio';
  const content = await upload(server, owner.token, await readFile(file), { filename: path.basename(file), content_type: kind, visibility });
  assert.equal(content.packaging, 'ready', JSON.stringify(content));
  const base = visibility === 'public' ? `${server.url}/content/${content.id}` : await openSession(server, owner, content);
  const size = (CORPUS[name].resolution ?? '160x120').split('x').map(Number);
  return {
    timeline,
    address: (player) => `${base}/${PLAYERS[player].address ?? (kind === 'video' ? 'file.mp4' : 'file.m4a')}`,
    expected: (player) => ({ timeline, player, size, ...PLAYERS[player] }),
  };
}

async function openSession(server, owner, content) {
  const answer = await server.post(`/content/${content.id}/playback-session`, { token: owner.token });
  assert.equal(answer.status, 201, answer.text());
  const { url } = answer.json();
  assert.equal((await fetch(`${server.url}/content/${content.id}/hls/master.m3u8`)).status, 404, 'not without the session');
  return url.slice(0, url.lastIndexOf('/'));
}

/** A test for each of the films with each player. `stage()` is `{server, owner, theatre}` once tests run. */
export function describeFilms(stage, names, options) {
  for (const name of names) {
    describe(name, { concurrency: Object.keys(PLAYERS).length }, () => {
      let film;
      before(async () => {
        film = await uploadFilm(stage(), name, options);
      });
      for (const player of Object.keys(PLAYERS)) {
        test(player, async () => {
          assertPlayed(await stage().theatre.play(player, film.address(player)), film.expected(player));
        });
      }
    });
  }
}
