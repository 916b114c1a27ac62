// The player: which engine plays, and the protocol by which the server counts what was watched (docs/decisions/0002-evidence.md).
(() => {
  const holder = document.getElementById('player') || document.getElementById('reader');
  if (!holder) return;
  const data = holder.dataset;
  const video = document.getElementById('video');
  const words = document.getElementById('counted-words'), bar = document.getElementById('counted-bar');
  const why = document.getElementById('why'), nextUp = document.getElementById('next-up');
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
  const durationS = Number(data.duration) / 1000;

  // ---- talking to the server
  const call = (path, body, keepalive = false) => fetch(`/api/v1${path}`, {
    method: 'POST', keepalive, credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': data.csrf }, body: JSON.stringify(body),
  });
  const say = (text) => { why.textContent = text; why.hidden = !text; };
  const key = Math.random().toString(36).slice(2) + Date.now().toString(36);
  let open = null, opening = null, openedAt = 0, pending = [], sending = false, timer = 0, over = false;

  async function ensureOpen() {
    if (open) return true;
    opening = opening || (async () => {
      const began = performance.now();
      const answer = await call(`/lessons/${data.lesson}/playback`, { key });
      const told = await answer.json();
      if (!answer.ok) { say(told.detail); return false; }
      open = told;
      openedAt = began - told.elapsed_ms;
      timer = setInterval(() => { cut(); flush(); }, told.beat_every_s * 1000);
      return true;
    })().catch(() => false).finally(() => { opening = null; });
    return opening;
  }

  async function flush(keepalive = false) {
    if (!open || sending || over || !pending.length) return;
    sending = true;
    const batch = pending.slice(0, 500);
    try {
      const answer = await call(`/playbacks/${open.playback_id}/beats`, { nonce: open.nonce, seq: open.next_seq, beats: batch }, keepalive);
      const told = await answer.json();
      if (answer.ok) {
        open.nonce = told.nonce; open.next_seq = told.next_seq;
        pending = pending.filter((beat) => beat.t_ms > told.acked_t_ms);
        show(told);
        say('');
      } else if (answer.status === 409 && told.type.endsWith('sequence-gap')) {
        open.nonce = told.nonce; open.next_seq = told.next_seq;
        pending = pending.filter((beat) => beat.t_ms > told.acked_t_ms);
      } else if (answer.status === 409) {
        over = true; pending = []; clearInterval(timer);
        if (video) video.pause();
        say(told.detail);
      } else if (answer.status !== 429) {
        say(told.detail || '');
      }
    } catch {
      say(document.documentElement.lang.startsWith('en') ? 'Offline: kept on this phone, sent later.' : '网络断了：已记在本机，连上后补报。');
    } finally { sending = false; }
  }

  function show(told) {
    bar.value = told.credited_s * 1000;
    if (told.lesson_completed) {
      words.textContent = document.documentElement.lang.startsWith('en') ? 'Lesson complete' : '这节课已学完';
      nextUp.hidden = false;
    } else {
      words.textContent = `${document.documentElement.lang.startsWith('en') ? 'Counted' : '计入'} ${clock(told.credited_s)} / ${clock(durationS)}`;
    }
  }

  // ---- what is being watched or read: from a start until something changes
  let start = null;
  function begin(position, rate) { start = { position, rate, at: performance.now() }; }
  function cut(position) {
    if (!start || !open) return;
    const now = performance.now();
    const to = position ?? (video ? video.currentTime : start.position + (now - start.at) / 1000);
    const t = Math.round(now - openedAt);
    if (to > start.position && t > (pending.at(-1)?.t_ms ?? 0)) {
      pending.push({ t_ms: t, from_s: +start.position.toFixed(3), to_s: +Math.min(to, durationS).toFixed(3), rate: start.rate });
    }
    start = { ...start, position: to, at: now };
  }
  const stop = (position) => { cut(position); start = null; };

  function leaveQuietly() {
    if (video) { if (!video.paused) cut(); } else stop();
    flush(true);
  }
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') leaveQuietly();
    else if (!video && open && !over) begin(readTo(), 1);
  });
  window.addEventListener('pagehide', leaveQuietly);
  window.addEventListener('online', () => flush());

  if (!video) { reading(); return; }
  watching();

  // ---- reading: time counts while the page is in sight
  function readTo() { return Math.min(durationS, Math.max(Number(data.resume) / 1000, ...pending.map((beat) => beat.to_s), start ? start.position : 0)); }
  async function reading() {
    if (!(await ensureOpen())) return;
    if (document.visibilityState === 'visible') begin(readTo() >= durationS ? 0 : readTo(), 1);
    setInterval(() => { if (start) { cut(); flush(); } }, 5000);
  }

  // ---- watching
  function watching() {
    const wanted = data.engine;
    const native = video.canPlayType('application/vnd.apple.mpegurl') !== '';
    const playHls = () => { video.src = data.hls; };
    const playMp4 = () => { video.src = data.mp4; };
    const playHlsJs = () => {
      const script = Object.assign(document.createElement('script'), { src: data.hlsjs });
      script.onload = () => {
        if (!window.Hls || !window.Hls.isSupported()) return playMp4();
        const hls = new window.Hls({ startLevel: 0, maxBufferLength: 30 });
        hls.on(window.Hls.Events.ERROR, (_name, fault) => { if (fault.fatal) { hls.destroy(); playMp4(); } });
        hls.loadSource(data.hls);
        hls.attachMedia(video);
        holder.dataset.playing = 'hlsjs';
      };
      script.onerror = playMp4;
      document.head.append(script);
    };
    holder.dataset.playing = wanted || (native ? 'native' : window.MediaSource ? 'hlsjs' : 'mp4');
    ({ native: playHls, hlsjs: playHlsJs, mp4: playMp4 })[holder.dataset.playing]();
    let fellBack = false;
    video.addEventListener('error', () => {
      if (fellBack || holder.dataset.playing === 'hlsjs') return;
      fellBack = true; holder.dataset.playing = 'mp4'; playMp4();
    });

    const maxRate = Number(data.maxRate);
    video.addEventListener('loadedmetadata', () => {
      const resume = Number(data.resume) / 1000;
      if (resume > 3 && resume < durationS - 3 && video.currentTime < 1) video.currentTime = resume;
    }, { once: true });
    video.addEventListener('playing', async () => { if (await ensureOpen()) begin(video.currentTime, video.playbackRate); });
    video.addEventListener('pause', () => { stop(); flush(); });
    video.addEventListener('waiting', () => stop());
    video.addEventListener('ended', () => { stop(durationS); flush(); });
    video.addEventListener('ratechange', () => {
      if (video.playbackRate > maxRate) { video.playbackRate = maxRate; return; }
      if (start) { cut(); begin(video.currentTime, video.playbackRate); }
    });
    let last = 0;
    video.addEventListener('timeupdate', () => { if (!video.seeking) last = video.currentTime; follow(video.currentTime * 1000); });
    video.addEventListener('seeking', () => { if (start) { stop(last); flush(); } });
    video.addEventListener('seeked', () => { if (!video.paused && open) begin(video.currentTime, video.playbackRate); });

    document.getElementById('speed')?.addEventListener('change', (event) => { video.playbackRate = Number(event.target.value); });
    const sound = document.getElementById('sound-only');
    sound?.addEventListener('click', () => {
      const on = sound.getAttribute('aria-pressed') !== 'true', at = video.currentTime, wasPlaying = !video.paused;
      stop();
      sound.setAttribute('aria-pressed', String(on));
      holder.classList.toggle('sound', on);
      video.src = on ? data.audio : data.mp4;
      video.addEventListener('loadedmetadata', () => { video.currentTime = at; if (wasPlaying) video.play(); }, { once: true });
      video.load();
    });

    const cues = [...document.querySelectorAll('.cue')];
    cues.forEach((cue) => cue.addEventListener('click', () => { video.currentTime = Number(cue.dataset.at) / 1000 + 0.01; video.play(); }));
    let on = null;
    function follow(ms) {
      const now = cues.find((cue) => ms >= Number(cue.dataset.at) && ms < Number(cue.dataset.to));
      if (now === on) return;
      on?.classList.remove('on');
      now?.classList.add('on');
      const box = now?.parentElement;  // where the words have a box of their own, the box follows; the page never jumps
      if (box && box.scrollHeight > box.clientHeight + 4) box.scrollTop = now.offsetTop - box.offsetTop - box.clientHeight / 3;
      on = now || null;
    }
    const asked = new URLSearchParams(location.search).get('t');
    if (asked) video.addEventListener('loadedmetadata', () => { video.currentTime = Number(asked) || 0; }, { once: true });
  }
})();
