// The player: which engine plays, and the protocol by which the server counts what was watched (docs/decisions/0002-evidence.md).
// Written for browsers of cheap phones too: nothing newer than ES2019.
(() => {
  const holder = document.getElementById('player') || document.getElementById('reader');
  if (!holder) return;
  const data = holder.dataset;
  const video = document.getElementById('video');
  const words = document.getElementById('counted-words'), bar = document.getElementById('counted-bar');
  const why = document.getElementById('why'), nextUp = document.getElementById('next-up');
  const english = document.documentElement.lang.startsWith('en');
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
  const durationS = Number(data.duration) / 1000, maxRate = Number(data.maxRate) || 1;

  // ---- what outlives the page: beats not yet delivered, and the second one stopped at
  const shelf = `guanxue/${data.person}/`;
  const keep = (name, value) => {
    try { if (value) localStorage.setItem(shelf + name, JSON.stringify(value)); else localStorage.removeItem(shelf + name); } catch { /* no room: the server has all but the last seconds */ }
  };
  const kept = (name) => { try { return JSON.parse(localStorage.getItem(shelf + name)); } catch { return null; } };

  // ---- talking to the server
  const call = (path, body, keepalive = false) => fetch(`/api/v1${path}`, {
    method: 'POST', keepalive, credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': data.csrf }, body: JSON.stringify(body),
  });
  const say = (text) => { why.textContent = text || ''; why.hidden = !text; };
  const sayOffline = () => say(english ? 'Offline: kept on this phone, sent later.' : '网络断了：已记在本机，连上后补报。');
  const newKey = () => Math.random().toString(36).slice(2) + Date.now().toString(36);
  let key = newKey();
  let open = null, opening = null, openedAt = 0, lastT = 0, pending = [], sending = false, again = false, timer = 0, retry = 0;
  let isComplete = nextUp !== null && !nextUp.hidden;

  async function ensureOpen() {
    if (open) return true;
    opening = opening || (async () => {
      const answer = await call(`/lessons/${data.lesson}/playback`, { key });
      const told = await answer.json();
      if (!answer.ok) { say(told.detail); return false; }
      open = told;
      openedAt = performance.now() - told.elapsed_ms;
      lastT = 0;
      clearInterval(timer);
      timer = setInterval(() => { cut(); flush(); }, told.beat_every_s * 1000);
      return true;
    })().catch(() => { sayOffline(); return false; }).then((is) => { opening = null; return is; });
    return opening;
  }

  function shelve() { keep(`beats/${key}`, pending.length ? { lesson: data.lesson, key, pending } : null); }
  // Ended elsewhere or too long silent: what comes next is a new playback.
  function close() { shelve(); clearInterval(timer); open = null; start = null; key = newKey(); }

  async function flush(keepalive = false) {
    if (sending) { again = true; return; }
    if (!open || !pending.length) return;
    sending = true;
    const batch = pending.slice(0, 500);
    try {
      const answer = await call(`/playbacks/${open.playback_id}/beats`, { nonce: open.nonce, seq: open.next_seq, beats: batch }, keepalive);
      const told = await answer.json();
      if (answer.ok || (answer.status === 409 && told.type.endsWith('sequence-gap'))) {
        open.nonce = told.nonce; open.next_seq = told.next_seq;
        pending = pending.filter((beat) => beat.t_ms > told.acked_t_ms);
        if (answer.ok) { show(told); say(''); } else again = true;
      } else if (answer.status === 429) {
        clearTimeout(retry);
        retry = setTimeout(flush, 1000 * (Number(answer.headers.get('Retry-After')) || 2));
      } else {
        say(told.detail);
        if (answer.status !== 401 && answer.status < 500) {  // it will never be taken: ended, left, or not understood
          pending = [];
          close();
          if (video) video.pause();
        }
      }
      shelve();
    } catch { sayOffline(); } finally { sending = false; }
    if (again) { again = false; flush(); }
  }

  // What an earlier page of this phone could not deliver any more. Only its own playback takes it; a new one would not.
  async function deliverShelved() {
    const names = [];
    try {
      for (let n = 0; n < localStorage.length; n += 1) {
        const name = localStorage.key(n);
        if (name.startsWith(`${shelf}beats/`) && name !== `${shelf}beats/${key}`) names.push(name.slice(shelf.length));
      }
    } catch { return; }
    for (const name of names) {
      const left = kept(name);
      if (!left || !left.pending) { keep(name, null); continue; }
      try {
        const answer = await call(`/lessons/${left.lesson}/playback`, { key: left.key });
        const told = await answer.json();
        if (answer.status === 401 || answer.status === 429 || answer.status >= 500) continue;
        let rest = answer.status === 200 ? left.pending : [];
        while (rest.length) {
          const sent = await call(`/playbacks/${told.playback_id}/beats`, { nonce: told.nonce, seq: told.next_seq, beats: rest.slice(0, 500) });
          if (sent.status === 429 || sent.status >= 500) return;
          const state = await sent.json(), before = rest.length;
          if (!sent.ok) break;
          told.nonce = state.nonce; told.next_seq = state.next_seq;
          rest = rest.filter((beat) => beat.t_ms > state.acked_t_ms);
          if (left.lesson === data.lesson) show(state);
          if (rest.length === before) break;
        }
        keep(name, null);
      } catch { return; }
    }
  }

  function show(told) {
    bar.value = told.credited_s * 1000;
    isComplete = told.lesson_completed;
    if (isComplete) {
      words.textContent = english ? 'Lesson complete' : '这节课已学完';
      nextUp.hidden = false;
    } else {
      words.textContent = `${english ? 'Counted' : '计入'} ${clock(told.credited_s)} / ${clock(durationS)}`;
    }
  }

  // ---- what is being watched or read: from a start until something changes
  let start = null, last = video ? 0 : Number(data.resume) / 1000;
  function begin(position, rate) { start = { position, rate: Math.min(rate, maxRate), at: performance.now() }; }
  function where() {
    if (!video) return start.position + (performance.now() - start.at) / 1000;
    return video.seeking ? last : video.currentTime;
  }
  function cut(position) {
    if (!start || !open) return;
    const to = Math.min(position === undefined ? where() : position, durationS);
    const t = Math.round(performance.now() - openedAt);
    if (to > start.position && t > lastT) {
      pending.push({ t_ms: t, from_s: Number(start.position.toFixed(3)), to_s: Number(to.toFixed(3)), rate: start.rate });
      lastT = t;
      shelve();
    }
    begin(Math.max(to, start.position), start.rate);
    if (!video) last = start.position;
  }
  const stop = (position) => { cut(position); start = null; };

  function leaveQuietly() {
    if (video) { cut(); keep(`at/${data.lesson}`, { s: video.currentTime, when: Date.now() }); } else stop();
    flush(true);
  }
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') leaveQuietly();
    else if (!video) read();
  });
  window.addEventListener('pagehide', leaveQuietly);
  window.addEventListener('online', () => { flush(); if (video) watch(); else read(); });

  deliverShelved().then(() => { if (!video) read(); });
  if (video) watching(); else setInterval(() => { if (start) { cut(); flush(); read(); } }, 5000);

  // ---- reading: time counts while the page is in sight; at the end it goes on from the beginning until all of it counts
  async function read() {
    if (isComplete || document.visibilityState !== 'visible' || !(await ensureOpen()) || document.visibilityState !== 'visible') return;
    if (start && start.position < durationS) return;
    begin(last >= durationS ? 0 : last, 1);
    last = start.position;
  }

  // ---- watching: begins to count as soon as it plays and the server has opened; asked again while that fails
  async function watch() {
    clearTimeout(retry);
    const isOpen = await ensureOpen();
    if (video.paused || video.seeking || start) return;
    if (isOpen) begin(video.currentTime, video.playbackRate);
    else retry = setTimeout(watch, 5000);
  }

  function watching() {
    let hls = null, fellBack = false;
    const playing = (name) => { data.playing = name; };
    const playNative = () => { playing('native'); video.src = data.hls; };
    const playMp4 = () => { playing('mp4'); video.src = data.mp4; };
    const playHlsJs = () => {
      playing('hlsjs');
      const ready = () => {
        if (!window.Hls || !window.Hls.isSupported()) { playMp4(); return; }
        hls = new window.Hls({ startLevel: 0, maxBufferLength: 30 });
        hls.on(window.Hls.Events.ERROR, (_name, fault) => { if (fault.fatal) change(playMp4); });
        hls.loadSource(data.hls);
        hls.attachMedia(video);
      };
      if (window.Hls) { ready(); return; }
      const script = Object.assign(document.createElement('script'), { src: data.hlsjs });
      script.onload = ready;
      script.onerror = playMp4;
      document.head.append(script);
    };
    const engines = { native: playNative, hlsjs: playHlsJs, mp4: playMp4 };
    const playVideo = engines[data.engine || (video.canPlayType('application/vnd.apple.mpegurl') ? 'native' : window.MediaSource ? 'hlsjs' : 'mp4')];

    // Another source in the middle: the same second, the same speed, playing on if it played.
    let at = resumeAt();
    video.addEventListener('loadedmetadata', () => {
      if (at > 0 && at < durationS) video.currentTime = at;
      at = 0;
      video.playbackRate = video.defaultPlaybackRate;
    });
    function change(source) {
      const wasPlaying = !video.paused;
      at = at || last;
      stop();
      if (hls) { hls.destroy(); hls = null; }
      source();
      if (wasPlaying) { const begun = video.play(); if (begun) begun.catch(() => {}); }
    }
    function resumeAt() {
      const asked = Number(new URLSearchParams(location.search).get('t'));
      if (asked > 0) return asked;
      const mine = kept(`at/${data.lesson}`);  // this phone knows the second before the server has heard of it
      const resume = mine && Date.now() - mine.when < 120000 ? mine.s : Number(data.resume) / 1000;
      return resume > 3 && resume < durationS - 3 ? resume : 0;
    }
    playVideo();
    video.addEventListener('error', () => {
      if (fellBack || data.playing === 'mp4') return;
      fellBack = true;
      change(playMp4);
    });

    video.addEventListener('playing', watch);
    video.addEventListener('pause', () => { stop(); flush(); });
    video.addEventListener('waiting', () => stop());
    video.addEventListener('ended', () => { stop(durationS); flush(); });
    video.addEventListener('ratechange', () => {
      if (video.playbackRate > maxRate) { video.playbackRate = maxRate; return; }
      if (start) { cut(); begin(start.position, video.playbackRate); }
    });
    video.addEventListener('timeupdate', () => {
      if (!video.seeking && video.readyState) last = video.currentTime;
      follow(video.currentTime * 1000);
    });
    video.addEventListener('seeking', () => { if (start) { stop(last); flush(); } });
    video.addEventListener('seeked', () => { last = video.currentTime; if (!video.paused) watch(); });

    const speed = document.getElementById('speed'), sound = document.getElementById('sound-only');
    if (speed) speed.addEventListener('change', () => { video.defaultPlaybackRate = video.playbackRate = Number(speed.value); });
    if (sound) {
      sound.addEventListener('click', () => {
        const on = sound.getAttribute('aria-pressed') !== 'true';
        sound.setAttribute('aria-pressed', String(on));
        holder.classList.toggle('sound', on);
        change(on ? () => { playing('sound'); video.src = data.audio; } : playVideo);
      });
    }

    const cues = Array.from(document.querySelectorAll('.cue'));
    cues.forEach((cue) => cue.addEventListener('click', () => { video.currentTime = Number(cue.dataset.at) / 1000 + 0.01; video.play(); }));
    let on = null;
    function follow(ms) {
      const now = cues.find((cue) => ms >= Number(cue.dataset.at) && ms < Number(cue.dataset.to)) || null;
      if (now === on) return;
      if (on) on.classList.remove('on');
      if (now) now.classList.add('on');
      const box = now && now.parentElement;  // where the words have a box of their own, the box follows; the page never jumps
      if (box && box.scrollHeight > box.clientHeight + 4) box.scrollTop = now.offsetTop - box.offsetTop - box.clientHeight / 3;
      on = now;
    }
  }
})();
