// In the browser: one player on the page's video element, and an account of what it does with the Media Source
// Extensions. `theatre` is what the tests call.

/* global Hls, shaka, dashjs */

(() => {
  const AHEAD = 4; // seconds that players may load ahead of what they show, so that they have to load where they seek
  const PATIENCE = 30_000; // until something that has to happen is given up
  const FAST = 8; // times as fast as the film
  const LAST = 0.92; // this part of a film is in its last segment

  const video = document.querySelector('video');
  const buffers = []; // {kind, buffer} in the order in which the player added them
  const troubles = []; // what no player may meet
  const notes = []; // what a player reported and overcame

  const addSourceBuffer = MediaSource.prototype.addSourceBuffer;
  MediaSource.prototype.addSourceBuffer = function add(type) {
    const buffer = addSourceBuffer.call(this, type);
    buffers.push({ kind: type.split('/')[0], type, buffer });
    buffer.addEventListener('error', () => troubles.push(`the SourceBuffer of ${type} refused a segment`));
    return buffer;
  };
  video.addEventListener('error', () => troubles.push(`the element: ${video.error.code} ${video.error.message}`));

  /** Each starts playing a URL in its way. */
  const players = {
    'hls.js': (url) => {
      const player = new Hls({ maxBufferLength: AHEAD, maxMaxBufferLength: AHEAD });
      player.on(Hls.Events.ERROR, (_, { fatal, type, details, reason, error }) =>
        (fatal ? troubles : notes).push(`hls.js: ${type} ${details} ${reason ?? error?.message ?? ''}`));
      player.loadSource(url);
      player.attachMedia(video);
    },
    'Shaka': async (url) => {
      shaka.polyfill.installAll();
      const player = new shaka.Player();
      player.addEventListener('error', ({ detail }) =>
        (detail.severity === shaka.util.Error.Severity.CRITICAL ? troubles : notes).push(`Shaka: ${detail.code} ${detail.data}`));
      await player.attach(video);
      player.configure({ streaming: { bufferingGoal: AHEAD, rebufferingGoal: 0.1, bufferBehind: 60 } });
      await player.load(url);
    },
    'dash.js': (url) => {
      const player = dashjs.MediaPlayer().create();
      player.on(dashjs.MediaPlayer.events.ERROR, ({ error }) => troubles.push(`dash.js: ${error.code} ${error.message}`));
      player.updateSettings({ debug: { logLevel: 0 }, streaming: { buffer: { bufferTimeDefault: AHEAD, bufferTimeAtTopQuality: AHEAD, bufferToKeep: 60 } } });
      player.initialize(video, url, false);
    },
    'video element': (url) => {
      video.crossOrigin = 'anonymous';
      video.src = url;
    },
  };

  const state = () => `at ${video.currentTime}, ready ${video.readyState}, buffered ${JSON.stringify(ranges(video.buffered))}; ` +
    `notes: ${notes.join('; ') || 'none'}; ${JSON.stringify(readings())}`;

  /** Until `isSo`, which is asked at every event of the element. */
  function until(what, isSo) {
    const events = ['loadedmetadata', 'canplay', 'playing', 'timeupdate', 'progress', 'seeked', 'ended', 'durationchange', 'error'];
    return new Promise((resolve, reject) => {
      const settle = (conclude, value) => {
        clearTimeout(late);
        for (const event of events) video.removeEventListener(event, look);
        conclude(value);
      };
      const look = () => {
        if (troubles.length > 0) settle(reject, new Error(`${troubles.join('; ')} (${state()})`));
        else if (isSo()) settle(resolve);
      };
      const late = setTimeout(() => settle(reject, new Error(`it does not ${what}: ${state()}`)), PATIENCE);
      for (const event of events) video.addEventListener(event, look);
      look();
    });
  }

  const ranges = (buffered) => Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);

  /** What the buffers hold of each kind: `{video: {ranges, offset}, audio: …}`, seconds of the player's timeline. */
  const readings = () => Object.fromEntries(buffers.map(({ kind, type, buffer }) =>
    [kind, { type, ranges: ranges(buffer.buffered), offset: buffer.timestampOffset }]));

  async function seek(time) {
    video.pause();
    video.currentTime = time;
    await until(`arrive at ${time}`, () => !video.seeking && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA);
    const arrived = video.currentTime;
    await video.play();
    await until(`play on from ${time}`, () => video.currentTime > arrived || video.ended);
    return arrived;
  }

  /** How many different values the pixels of the picture have; a page of another origin needs leave to look at them. */
  function colours() {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const drawing = canvas.getContext('2d');
    drawing.drawImage(video, 0, 0);
    return new Set(drawing.getImageData(0, 0, canvas.width, canvas.height).data).size;
  }

  /** Plays a film: its begin, after seeks to these parts of it, and (if it can) from its begin to its end. */
  async function play(player, url, seeks) {
    await players[player](url);
    await until('know the film', () => video.readyState >= HTMLMediaElement.HAVE_METADATA && Number.isFinite(video.duration));
    await video.play();
    await until('play', () => video.currentTime > 0 && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA);
    const begin = readings();
    const arrivals = [];
    for (const part of seeks) {
      const wanted = part * video.duration;
      arrivals.push({ wanted, arrived: await seek(wanted) });
    }
    const size = [video.videoWidth, video.videoHeight];
    const picture = video.videoWidth > 0 ? colours() : 0;
    // Once dash.js has had the last segment, it never fills a hole before it: it plays on from where the last one is.
    await seek(player === 'dash.js' ? LAST * video.duration : 0);
    video.playbackRate = FAST;
    // With seeks behind it, dash.js at times does not say to the element that no more comes.
    await until('end', () => video.ended || (player === 'dash.js' && video.duration - video.currentTime < 0.001));
    return { begin, end: readings(), arrivals, size, picture, duration: video.duration, ended: video.currentTime, troubles, notes };
  }

  window.theatre = { play };
})();
