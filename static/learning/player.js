// The player: which engine plays, our own controls, subtitles and pictures. What counts is told to lesson.js.
// For WeChat's X5 and Chrome of 2017 too: nothing newer than ES2017, and what a browser lacks is done without.
(() => {
  const holder = document.getElementById('player'), study = window.study;
  if (!holder || !study) return;
  const data = holder.dataset, says = study.says, clock = study.clock, durationS = study.durationS, maxRate = study.maxRate;
  const $ = (id) => document.getElementById(id);
  const video = $('video'), stage = $('stage'), seek = $('seek'), speed = $('speed'), prompt = $('prompt');
  const renditions = JSON.parse(data.renditions), sounds = JSON.parse(data.sounds), pictures = JSON.parse(data.pictures);
  const remembered = study.kept('player') || {};
  const remember = (name, value) => { remembered[name] = value; study.keep('player', remembered); };
  const quietly = (promise) => { if (promise && promise.catch) promise.catch(() => {}); };

  // ---- what is to be played: the film at a sharpness, or sound with pictures
  const phone = navigator.connection || {};
  let saving = data.saving === 'yes';
  let mode = data.begins;
  if (!saving && phone.saveData && data.choice !== 'full') {  // the server was not told: this visit saves all the same
    saving = true;
    if (sounds.length) mode = 'sound';
    $('saving-why').textContent = says.saves;
    $('saving-why').hidden = false;
  }
  if (!saving && sounds.length && remembered.mode) mode = remembered.mode;
  // What of it is on this phone ("film" or "sound", else "") is played from there: download.js tells; a kept page knows.
  let local = data.local || '';
  if (local) mode = local;
  const isLocal = () => local !== '' && local === mode;
  const address = (url) => (isLocal() ? url.replace(/^\/media\/[^/]+\//, '/kept/') : url);
  let quality = renditions.some((r) => r.name === remembered.quality) ? remembered.quality : '';
  const chosen = () => renditions.find((r) => r.name === (quality || (saving ? renditions[0].name : '')));

  let hls = null, broken = [], attached = false, at = 0;
  const playing = (name) => { data.playing = name; };
  const source = (url) => { video.src = address(url); };
  const engines = {
    sound() {
      const known = sounds.filter((s) => broken.indexOf(address(s.url)) < 0 && video.canPlayType(s.type));
      if (!known.length) { mode = 'film'; showMode(); attach(); return; }
      playing('sound');
      source(known[0].url);
    },
    native() { playing('native'); source((chosen() || {}).hls_url || data.hls); },
    mp4() { playing('mp4'); source(isLocal() && data.small ? data.small : chosen() && chosen().name === renditions[0].name && data.small ? data.small : data.mp4); },
    hlsjs() {
      playing('hlsjs');
      const ready = () => {
        if (data.playing !== 'hlsjs' || hls) return;
        if (!window.Hls || !window.Hls.isSupported()) { fallBack(); return; }
        hls = new window.Hls({ startLevel: 0, maxBufferLength: saving ? 12 : 30 });
        hls.on(window.Hls.Events.ERROR, (_name, fault) => { if (fault.fatal && isOffline()) giveUp(); else if (fault.fatal) fallBack(); });
        hls.loadSource((chosen() || {}).hls_url || data.hls);
        hls.attachMedia(video);
      };
      if (window.Hls) ready(); else fetchHls(ready);
    },
  };
  let waiting = null;
  function fetchHls(ready) {
    if (waiting) { if (ready) waiting.push(ready); return; }
    waiting = ready ? [ready] : [];
    const script = document.createElement('script'), told = () => { const all = waiting; waiting = null; all.forEach((tell) => tell()); };
    script.src = data.hlsjs;
    script.onload = script.onerror = told;
    document.head.appendChild(script);
  }
  const engineOf = () => (mode === 'sound' ? 'sound' : isLocal() ? 'mp4'
    : broken.indexOf('hls') >= 0 ? 'mp4'
      : data.engine || (video.canPlayType('application/vnd.apple.mpegurl') ? 'native' : window.MediaSource ? 'hlsjs' : 'mp4'));
  function attach() {
    attached = true;
    engines[engineOf()]();
  }
  // Another source in the middle: the same second, the same speed, playing on if it played.
  function change() {
    const wasPlaying = !video.paused;
    if (attached) at = at || study.last();
    study.stop();
    if (hls) { hls.destroy(); hls = null; }
    if (!attached && !wasPlaying) return;
    attach();
    if (wasPlaying) quietly(video.play());
  }
  function fallBack() {
    if (data.playing === 'sound') broken.push(video.getAttribute('src'));
    else if (data.playing !== 'mp4') broken.push('hls');
    else { giveUp(); return; }
    change();
  }
  // The network is gone, or nothing is left to try: another tap begins again at the same second.
  function giveUp() {
    at = at || study.last();
    study.stop();
    study.say(says.broken);
    attached = false;
    if (hls) { hls.destroy(); hls = null; }
    showPlaying();
  }
  const isOffline = () => navigator.onLine === false;
  video.addEventListener('error', () => {
    if (!attached || data.playing === 'hlsjs') return;
    if (isOffline() || (video.error && video.error.code === 2)) giveUp(); else fallBack();
  });
  at = study.resumeAt();
  let settled = false;
  const land = () => {  // some browsers forget where they were asked to begin until they play
    if (at > 0 && Math.abs(video.currentTime - at) > 1) { study.hear(at); video.currentTime = at; }
  };
  video.addEventListener('loadedmetadata', () => {
    settled = false;
    land();
    video.playbackRate = video.defaultPlaybackRate;
  });
  video.addEventListener('emptied', () => { settled = false; });

  // ---- what counts: begins as soon as it plays and the server has opened; asked again while that fails
  let retry = 0;
  async function watch() {
    clearTimeout(retry);
    const isOpen = await study.ensureOpen();
    if (video.paused || video.seeking || study.isGoing()) return;
    if (isOpen) study.begin(video.currentTime, video.playbackRate);
    else retry = setTimeout(watch, 5000);
  }
  video.addEventListener('playing', () => {
    if (!settled) { settled = true; land(); at = 0; }
    holder.classList.add('begun');
    watch();
  });
  video.addEventListener('pause', () => { study.stop(); study.flush(); });
  video.addEventListener('waiting', () => study.stop());
  video.addEventListener('seeking', () => { if (study.isGoing()) { study.stop(study.last()); study.flush(); } });
  video.addEventListener('seeked', () => {
    if (Math.abs(video.currentTime - at) > 1) at = 0;  // somebody else has chosen a moment
    study.hear(video.currentTime);
    if (!video.paused) watch(); else if (at === 0) follow(video.currentTime);
  });
  video.addEventListener('ended', () => { study.stop(durationS); study.flush(); ended(); });
  video.addEventListener('ratechange', () => {
    if (video.playbackRate > maxRate) { setRate(maxRate); return; }
    if (!video.seeking) study.look(video.currentTime, video.playbackRate);
  });
  video.addEventListener('timeupdate', () => {
    if (video.seeking || !video.readyState || (at > 0 && !settled)) return;
    if (video.playbackRate > maxRate) setRate(maxRate);
    study.look(video.currentTime, video.playbackRate);
    if (!video.paused && !study.isGoing() && !video.ended) watch();
    follow(video.currentTime);
  });
  window.addEventListener('online', watch);
  study.onLost = (text, isStale) => ask(text, [isStale ? [says.reload, () => location.reload()] : [says.take, () => toggle(true)]]);

  // ---- play and pause
  const FRESH_MS = 11 * 3600000;  // addresses of films hold for half a day
  function toggle(wanted) {
    const play = wanted === undefined ? video.paused : wanted;
    if (!play) { video.pause(); return; }
    if (study.isAsked()) return;
    prompt.hidden = true;
    if (!attached && performance.now() > FRESH_MS) { location.reload(); return; }
    if (!attached) attach();
    if (video.ended) { study.hear(0); video.currentTime = 0; }
    quietly(video.play());
    showPlaying();
  }
  function showPlaying() {
    const is = !video.paused;
    holder.classList.toggle('playing', is);
    $('play').setAttribute('aria-label', is ? says.pause : says.play);
    if (navigator.mediaSession) navigator.mediaSession.playbackState = is ? 'playing' : 'paused';
    wakeBar();
  }
  video.addEventListener('play', () => { if (study.isAsked() || study.askFirst()) video.pause(); });
  ['play', 'pause', 'ended', 'emptied'].forEach((name) => video.addEventListener(name, showPlaying));
  ['waiting', 'playing', 'pause', 'canplay'].forEach((name) => video.addEventListener(name, () => holder.classList.toggle('waiting', name === 'waiting')));
  $('play').addEventListener('click', () => toggle());
  function jump(to) {
    const second = Math.max(0, Math.min(durationS - 0.1, to));
    if (!attached || !video.readyState) { at = second; if (attached) settled = false; } else {
      if (study.isGoing()) study.stop(study.last());
      at = 0;
      video.currentTime = second;
    }
    study.hear(second);
    follow(second);
  }
  const here = () => (attached && video.readyState && !(at > 0 && !settled) ? video.currentTime : at || study.last());
  $('back').addEventListener('click', () => jump(here() - 10));
  $('ahead').addEventListener('click', () => jump(here() + 10));
  let sliding = false;
  seek.addEventListener('input', () => { sliding = true; $('now').textContent = clock(Number(seek.value)); peekAt(Number(seek.value)); });
  seek.addEventListener('change', () => { sliding = false; peekAt(-1); jump(Number(seek.value)); });

  // ---- what stands at the moment one is about to jump to: fetched only then, and not where data are saved
  const thumbs = JSON.parse(data.thumbs || 'null');
  let peek = null, fingerAt = 0;
  function peekAt(second) {
    if (!thumbs || saving || mode === 'sound' || second < 0) { if (peek) peek.hidden = true; return; }
    if (!peek) {
      peek = document.createElement('span');
      peek.className = 'peek';
      peek.setAttribute('aria-hidden', 'true');
      peek.style.width = `${thumbs.width}px`;
      peek.style.height = `${thumbs.height}px`;
      seek.parentElement.appendChild(peek);
    }
    const n = Math.min(thumbs.count - 1, Math.floor(second * 1000 / thumbs.every_ms)), each = thumbs.side * thumbs.side, tile = n % each;
    peek.style.backgroundImage = `url("${thumbs.base}${Math.floor(n / each) + 1}.jpg")`;
    peek.style.backgroundPosition = `-${tile % thumbs.side * thumbs.width}px -${Math.floor(tile / thumbs.side) * thumbs.height}px`;
    const line = seek.parentElement.getBoundingClientRect(), bar = seek.getBoundingClientRect();
    const x = bar.left - line.left + 10 + (bar.width - 20) * Math.min(1, second / (durationS || 1));
    peek.style.left = `${Math.max(0, Math.min(line.width - thumbs.width, x - thumbs.width / 2))}px`;
    peek.hidden = false;
  }
  seek.addEventListener('mousemove', (event) => {
    const bar = seek.getBoundingClientRect();
    if (Date.now() - fingerAt > 1500) peekAt(Math.max(0, Math.min(1, (event.clientX - bar.left - 10) / (bar.width - 20))) * durationS);
  });
  seek.addEventListener('touchstart', () => { fingerAt = Date.now(); }, { passive: true });
  ['mouseleave', 'blur', 'touchend', 'touchcancel'].forEach((name) => seek.addEventListener(name, () => peekAt(-1)));

  // ---- speed: never above what the policy counts
  function setRate(rate) {
    if (rate > maxRate) { hint(says.fast.replace('%s', maxRate), true); rate = maxRate; }
    video.defaultPlaybackRate = rate;
    video.playbackRate = rate;
    speed.value = String(rate);
    remember('rate', rate);
    return rate;
  }
  const rates = Array.from(speed.options).map((option) => Number(option.value));
  speed.addEventListener('change', () => setRate(Number(speed.value)));
  const step = (by) => {
    const now = video.defaultPlaybackRate, next = by > 0 ? rates.find((r) => r > now + 0.01) : rates.filter((r) => r < now - 0.01).pop();
    if (next) hint(says.speed.replace('%s', setRate(next)));
  };
  if (remembered.rate > 0 && remembered.rate <= maxRate) setRate(remembered.rate);

  // ---- short words over the picture; long ones below it, where they stay
  let hinting = 0;
  function hint(text, isLong) {
    const box = $('tapped');
    box.textContent = text;
    box.classList.add('on');
    if (isLong) study.say(text);
    clearTimeout(hinting);
    hinting = setTimeout(() => box.classList.remove('on'), isLong ? 4000 : 900);
  }

  // ---- our own subtitles, from the words below the picture
  const cues = Array.from(document.querySelectorAll('.cue')), line = $('subtitle'), switchOf = $('subtitles');
  const times = cues.map((cue) => [Number(cue.dataset.at) / 1000, Number(cue.dataset.to) / 1000]);
  let hasSubtitles = remembered.subtitles !== false, on = -1;
  function showSubtitles() {
    if (switchOf) switchOf.setAttribute('aria-pressed', String(hasSubtitles));
    line.hidden = !hasSubtitles || on < 0;
    holder.classList.toggle('worded', hasSubtitles && cues.length > 0);
  }
  function setSubtitles(is) {
    hasSubtitles = is;
    remember('subtitles', is);
    showSubtitles();
    hint(is ? says.subtitles_on : says.subtitles_off);
  }
  if (switchOf) switchOf.addEventListener('click', () => setSubtitles(!hasSubtitles));
  function follow(second) {
    if (!sliding) {
      seek.value = String(Math.floor(second));
      $('now').textContent = clock(second);
    }
    seek.setAttribute('aria-valuetext', says.at.replace('%1', clock(second)).replace('%2', clock(durationS)));
    showPicture(second);
    let now = -1;
    for (let n = 0; n < times.length && times[n][0] <= second + 0.02; n += 1) if (second < times[n][1]) now = n;
    if (now === on) return;
    if (on >= 0) { cues[on].classList.remove('on'); cues[on].removeAttribute('aria-current'); }
    on = now;
    if (on >= 0) {
      cues[on].classList.add('on');
      cues[on].setAttribute('aria-current', 'true');
      line.textContent = cues[on].textContent;
      const box = cues[on].parentElement;  // the box of the words follows; the page never jumps
      if (box.scrollHeight > box.clientHeight + 4 && !box.contains(document.activeElement)) {
        box.scrollTop = cues[on].offsetTop - box.offsetTop - box.clientHeight / 3;
      }
    }
    showSubtitles();
  }
  cues.forEach((cue, n) => cue.addEventListener('click', () => { jump(times[n][0] + 0.01); toggle(true); }));

  // ---- finding words in the transcript
  const within = $('within'), found = $('found');
  function mark(cue, wanted) {
    const text = cue.textContent, lower = text.toLowerCase();
    while (cue.firstChild) cue.removeChild(cue.firstChild);
    let from = 0;
    for (let n = wanted ? lower.indexOf(wanted) : -1; n >= 0; n = lower.indexOf(wanted, from)) {
      cue.appendChild(document.createTextNode(text.slice(from, n)));
      cue.appendChild(document.createElement('mark')).textContent = text.slice(n, n + wanted.length);
      from = n + wanted.length;
    }
    cue.appendChild(document.createTextNode(text.slice(from)));
    return from > 0;
  }
  if (within) {
    within.addEventListener('input', () => {
      const wanted = within.value.trim().toLowerCase();
      const hits = cues.filter((cue) => { const is = mark(cue, wanted); cue.hidden = Boolean(wanted) && !is; return is; });
      found.hidden = !wanted;
      found.textContent = hits.length ? says.found.replace('%s', hits.length) : says.none;
    });
  }

  // ---- pictures that change with the sound
  const frame = $('pictures');
  let shown = -1, next = -1;
  function picture(n) {
    const made = document.createElement('picture');
    const name = `${address(pictures.base)}/${n + 1}-`, set = (kind) => pictures.widths.map((w) => `${name}${w}.${kind} ${w}w`).join(', ');
    ['avif', 'webp'].forEach((kind) => {
      const source = document.createElement('source');
      source.type = `image/${kind}`;
      source.sizes = '(min-width: 960px) 760px, 100vw';
      source.srcset = set(kind);
      made.appendChild(source);
    });
    const image = document.createElement('img');
    image.alt = '';
    image.width = pictures.width;
    image.height = pictures.height;
    made.appendChild(image);
    image.src = `${name}${pictures.widths[0]}.jpg`;
    return made;
  }
  const drawn = {};
  function drawPicture(n) {
    if (!drawn[n]) drawn[n] = frame.appendChild(picture(n));
    return drawn[n];
  }
  function showPicture(second) {
    if (mode !== 'sound' || !pictures) return;
    const starts = pictures.starts_ms;
    let n = 0;
    while (n + 1 < starts.length && starts[n + 1] <= second * 1000) n += 1;
    if (n + 1 < starts.length && next !== n + 1 && !video.paused && starts[n + 1] - second * 1000 < 6000) { next = n + 1; drawPicture(next); }
    if (n === shown) return;
    shown = n;
    const mine = drawPicture(n);
    Array.from(frame.children).forEach((other) => other.classList.toggle('on', other === mine));
    data.picture = String(n + 1);
    Object.keys(drawn).forEach((m) => { if (Math.abs(m - n) > 2) { frame.removeChild(drawn[m]); delete drawn[m]; } });
  }

  // ---- film or sound with pictures; how sharp
  function showMode() {
    holder.classList.toggle('sound', mode === 'sound');
    Array.from(document.querySelectorAll('input[name=mode]')).forEach((radio) => { radio.checked = radio.value === mode; });
    const sharpness = $('sharpness');
    if (sharpness) sharpness.hidden = mode === 'sound';
  }
  Array.from(document.querySelectorAll('input[name=mode]')).forEach((radio) => radio.addEventListener('change', () => {
    mode = radio.value;
    if (!saving) remember('mode', mode);
    showMode();
    if (mode === 'film' && engineOf() === 'hlsjs' && !window.Hls) fetchHls(null);
    change();
    follow(here());
  }));
  const sharp = $('quality');
  if (sharp) {
    sharp.value = quality;
    sharp.addEventListener('change', () => { quality = sharp.value; remember('quality', quality); change(); });
  }
  showMode();

  // ---- the whole screen: our box where the browser lets us, so that words and questions stay over the picture
  const doc = document, root = holder.requestFullscreen || holder.webkitRequestFullscreen || holder.webkitRequestFullScreen;
  const isFull = () => (doc.fullscreenElement || doc.webkitFullscreenElement || doc.webkitCurrentFullScreenElement) === holder;
  let taken = false;  // the browser shows the video itself, over everything of ours
  function full() {
    if (isFull()) { (doc.exitFullscreen || doc.webkitExitFullscreen || doc.webkitCancelFullScreen).call(doc); return; }
    if (root) {
      quietly(root.call(holder));
      try { quietly(screen.orientation.lock(holder.classList.contains('tall') ? 'portrait' : 'landscape')); } catch (_unknown) { /* turned by hand */ }
    } else if (video.webkitEnterFullscreen) {
      if (!attached) attach();
      video.webkitEnterFullscreen();
    } else holder.classList.toggle('filled');
  }
  $('full').addEventListener('click', full);
  ['fullscreenchange', 'webkitfullscreenchange'].forEach((name) => doc.addEventListener(name, () => {
    holder.classList.toggle('full', isFull());
    $('full').setAttribute('aria-label', isFull() ? says.small : says.full);
    wakeBar();
  }));
  function take(is) {
    taken = is;
    for (let n = 0; n < video.textTracks.length; n += 1) video.textTracks[n].mode = is && hasSubtitles ? 'showing' : 'disabled';
    if (!is && asked) { const all = asked; asked = null; ask.apply(null, all); }
  }
  ['webkitbeginfullscreen', 'x5videoenterfullscreen'].forEach((name) => video.addEventListener(name, () => take(true)));
  ['webkitendfullscreen', 'x5videoexitfullscreen'].forEach((name) => video.addEventListener(name, () => take(false)));
  let resting = 0;
  function wakeBar() {
    holder.classList.remove('resting');
    clearTimeout(resting);
    if (!video.paused && prompt.hidden) resting = setTimeout(() => holder.classList.add('resting'), 3500);
  }
  ['mousemove', 'touchstart', 'keydown', 'focusin'].forEach((name) => holder.addEventListener(name, wakeBar, { passive: true }));

  // ---- questions over the picture: it waits; where the browser has taken the picture over, they wait until it gives it back
  let asked = null;
  function ask(text, ways) {
    video.pause();
    if (taken) { asked = [text, ways]; return; }
    $('prompt-words').textContent = text;
    const row = $('prompt-ways');
    while (row.firstChild) row.removeChild(row.firstChild);
    ways.forEach((way) => {
      const button = document.createElement(typeof way[1] === 'string' ? 'a' : 'button');
      button.className = `button${row.firstChild ? ' second' : ''}`;
      button.textContent = way[0];
      if (typeof way[1] === 'string') button.href = way[1];
      else { button.type = 'button'; button.addEventListener('click', () => { prompt.hidden = true; way[1](); $('play').focus(); }); }
      row.appendChild(button);
    });
    prompt.hidden = false;
    wakeBar();
    row.firstChild.focus();
  }
  const onwards = () => { const link = doc.querySelector('#next-up a'); return link ? [[link.textContent.trim(), link.getAttribute('href')]] : []; };
  const again = () => { jump(0); toggle(true); };
  function ended() {
    setTimeout(() => {  // what was just told may have completed it
      if (!video.ended || !prompt.hidden || study.isAsked()) return;
      if (study.isComplete) ask(says.done, onwards().concat([[says.again, again]]));
      else ask(says.more, [[says.again, again]]);
    }, 700);
  }
  study.onAsk = (answer) => { study.halt(); ask(says.asked, [[says.here, () => { answer(); toggle(true); }]]); };
  study.onLocal = (what) => {  // it was found on this phone, or put there, or taken away
    if (what === local) return;
    local = what;
    if (what && !holder.classList.contains('begun')) { mode = what; showMode(); }  // what costs nothing comes first
    if (attached && video.paused) change();
  };
  // While presence is asked for the film waits (presence.js); where the browser shows the video alone, it gives it back.
  study.film = { isPlaying: () => !video.paused && !video.seeking, second: () => video.currentTime, sentenceEnds: () => (on < 0 ? 0 : times[on][1]) };
  study.halt = () => {
    const was = !video.paused;
    video.pause();
    if (taken && video.webkitExitFullscreen) video.webkitExitFullscreen();
    return was;
  };
  study.goOn = (was) => { if (video.ended) ended(); else if (was) toggle(true); };

  // ---- fingers: the middle plays, two taps on a side go ten seconds; a mouse plays anywhere, two clicks fill the screen
  let tapAt = 0, tapSide = 0, tapTimer = 0, touched = 0;
  const taps = $('taps');
  taps.addEventListener('touchstart', () => { touched = Date.now(); }, { passive: true });
  taps.addEventListener('click', (event) => {
    const box = taps.getBoundingClientRect(), x = (event.clientX - box.left) / box.width;
    if (Date.now() - touched > 1500) { toggle(); return; }
    const side = x < 0.35 ? -1 : x > 0.65 ? 1 : 0, isSecond = side !== 0 && side === tapSide && Date.now() - tapAt < 350;
    clearTimeout(tapTimer);
    if (side === 0 || !holder.classList.contains('begun')) { tapAt = 0; toggle(); return; }
    tapAt = Date.now();
    tapSide = side;
    if (isSecond) { jump(here() + side * 10); hint(side < 0 ? says.back : says.ahead); return; }
    tapTimer = setTimeout(wakeBar, 350);
  });
  taps.addEventListener('dblclick', () => { if (Date.now() - touched > 1500) full(); });

  // ---- keys: the player's own where nothing else takes them
  function setMuted(is) {
    video.muted = is;
    $('mute').setAttribute('aria-pressed', String(is));
    holder.classList.toggle('muted', is);
    hint(is ? says.sound_off : says.sound_on);
  }
  $('mute').addEventListener('click', () => setMuted(!video.muted));
  const louder = (by) => { video.volume = Math.max(0, Math.min(1, Math.round((video.volume + by) * 10) / 10)); hint(`${Math.round(video.volume * 100)}%`); };
  const keys = {
    k: () => toggle(), ' ': () => toggle(), ArrowLeft: () => jump(here() - 10), ArrowRight: () => jump(here() + 10),
    ArrowUp: () => louder(0.1), ArrowDown: () => louder(-0.1), m: () => setMuted(!video.muted), c: () => { if (switchOf) setSubtitles(!hasSubtitles); },
    f: full, '<': () => step(-1), '>': () => step(1),
  };
  doc.addEventListener('keydown', (event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key, target = event.target;
    if (event.key === 'Escape' && !prompt.hidden && !study.isAsked()) { prompt.hidden = true; $('play').focus(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !keys[key]) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target !== seek || key === ' ' || key.indexOf('Arrow') === 0)) return;
    if (target.isContentEditable || (key === ' ' && /^(BUTTON|A|SUMMARY)$/.test(target.tagName))) return;
    if (/^Arrow(Up|Down)$/.test(key) && !holder.contains(target)) return;  // they move the page
    event.preventDefault();
    keys[key]();
    wakeBar();
  });

  // ---- the phone's own buttons and lock screen
  if (navigator.mediaSession && window.MediaMetadata) {
    navigator.mediaSession.metadata = new window.MediaMetadata({ title: data.title, artist: data.course });
    const act = (name, does) => { try { navigator.mediaSession.setActionHandler(name, does); } catch (_unknown) { /* not on this phone */ } };
    act('play', () => toggle(true));
    act('pause', () => toggle(false));
    act('seekbackward', () => jump(here() - 10));
    act('seekforward', () => jump(here() + 10));
  }

  // ---- after the page has been painted: where data need not be saved, the film's beginning is fetched; nothing plays by itself
  showSubtitles();
  follow(at || study.last());
  const afterPaint = (then) => requestAnimationFrame(() => setTimeout(then, 0));
  function prepare() {
    holder.classList.add('ready');
    if (saving || attached) return;
    video.preload = 'metadata';
    attach();
  }
  if (doc.readyState === 'complete') afterPaint(prepare); else window.addEventListener('load', () => afterPaint(prepare));
})();
