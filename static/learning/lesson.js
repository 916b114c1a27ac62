// How the server hears of what was watched or read (docs/decisions/0002-evidence.md). The player (player.js) tells it where
// the film is; reading is told here. Written for browsers of cheap phones: nothing newer than ES2017.
(() => {
  const ours = window.shelf, ASLEEP_S = ours.ASLEEP_MS / 1000, holder = document.getElementById('player') || document.getElementById('reader');
  if (!holder) return;
  const data = holder.dataset, says = JSON.parse(data.words);
  const video = document.getElementById('video');
  const words = document.getElementById('counted-words'), bar = document.getElementById('counted-bar');
  const aloud = document.getElementById('counted-aloud');
  const why = document.getElementById('why'), nextUp = document.getElementById('next-up');
  const dayFull = document.getElementById('day-full');
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
  const durationS = Number(data.duration) / 1000, maxRate = Number(data.maxRate) || 1;
  const SLACK_S = 0.75;   // players measure in ticks: this much more than the time that passed is no jump
  const study = window.study = { durationS, maxRate, says, clock, onChallenge: null, onLost: null, isComplete: nextUp !== null && !nextUp.hidden };

  // ---- what outlives the page: beats not yet delivered, and what the player remembers
  const shelf = `guanxue/${data.person}/`;
  const keep = study.keep = (name, value) => ours.remember(shelf + name, value);
  const kept = study.kept = (name) => ours.recall(shelf + name);

  // ---- talking to the server
  const call = study.call = (path, body, keepalive) => ours.call(path, data.csrf, body, keepalive);
  const say = study.say = (text) => { if (why.textContent !== (text || '')) why.textContent = text || ''; why.hidden = !text; };
  const sayOffline = () => say(says.offline);
  // A presence check comes with any answer (presence.js); the same one again is nothing new.
  const challenged = (told) => { if (study.onChallenge && 'challenge' in told) study.onChallenge(told.challenge); };
  const newKey = () => Math.random().toString(36).slice(2) + Date.now().toString(36);
  let key = newKey();
  let open = null, opening = null, openedAt = 0, lastT = 0, ackedT = 0, pending = [], sending = false, again = false, timer = 0, retry = 0;
  let known = Number(data.resume) / 1000;  // the second the server would go on from
  const tickets = data.offline ? window.tickets : null;  // leave to study this lesson without a network (tickets.js)
  let hasTicket = false, failures = 0, triedAt = 0;
  if (tickets) study.lookForTicket = () => tickets.find(data.person, data.lesson).then((one) => { hasTicket = Boolean(one); return one; }).catch(() => null);
  if (tickets) study.lookForTicket();

  function opened(told) {
    open = told;
    openedAt = performance.now() - told.elapsed_ms;
    awake = Date.now() - performance.now();
    challenged(told);
  }
  function ensureOpen() {
    if (open) return Promise.resolve(true);
    opening = opening || (async () => {
      const answer = await call(`/lessons/${data.lesson}/playback`, { key });
      const told = await answer.json();
      if (!answer.ok) { if (isStale(told)) lose(told); else say(told.detail); return false; }
      opened(told);
      lastT = 0;
      ackedT = 0;
      clearInterval(timer);
      timer = setInterval(() => { wake(); cut(); flush(); }, told.beat_every_s * 1000);
      return true;
    })().catch(() => openHere()).then(isOpen);
    return opening;
  }
  const isOpen = (is) => { opening = null; return is; };

  // ---- no network: with a ticket what is played goes into the record on this phone, and is sent later
  const sit = (began) => (tickets ? tickets.sit(data.person, data.lesson, began).catch(() => null) : Promise.resolve(null));
  async function openHere() {
    const sitting = await sit();
    if (!sitting) { sayOffline(); return false; }
    goOnHere(sitting);
    return true;
  }
  function goOnHere(sitting) {
    open = { sitting, unkept: [], isKeeping: false };  // `unkept`: on the shelf, and on its way into the record
    awake = Date.now() - performance.now();
    openedAt = sitting.began - awake;
    lastT = 0;
    triedAt = performance.now();
    askAgain(openedAt);
    clearInterval(timer);
    timer = setInterval(() => { wake(); cut(); flush(); askWhenDue(); tryNetwork(); }, sitting.every * 1000);
    say(says.noted);
  }
  // A phone that is full keeps it on the shelf, and tries again with the next beat.
  async function keepHere() {
    const here = open;
    here.unkept = here.unkept.concat(pending);
    pending = [];
    if (here.isKeeping) return;
    here.isKeeping = true;
    try {
      while (here.unkept.length) {
        const batch = here.unkept;
        await tickets.keep(here.sitting, batch);
        here.unkept = here.unkept.slice(batch.length);
      }
      if (why.textContent === says.no_room) say(says.noted);
    } catch (_full) { say(says.no_room); }
    here.isKeeping = false;
    if (open === here) shelve(Boolean(start)); else tickets.shelve(data.person, here.sitting, here.unkept);
  }
  // What was played up to here is in the record; whatever comes next asks for a playback of the server's again.
  function leaveHere() {
    cut();
    if (pending.length || open.unkept.length) keepHere();
    part();
  }
  function tryNetwork() {
    if (!open || !open.sitting || performance.now() - triedAt < 60000) return;
    triedAt = performance.now();
    tickets.sync(data.person, data.csrf).then((told) => { if (told.reached && open && open.sitting) leaveHere(); }).catch(() => {});
  }
  // Where presence is asked for, it is asked here too: a tap, written into the record. Until it comes nothing plays on.
  let askAt = Infinity, isAsking = false;
  study.isAsked = () => isAsking || Boolean(study.isChecked && study.isChecked());
  function askAgain(since) {
    const asks = open.sitting.asks;
    askAt = asks ? since + 1000 * (asks[0] + Math.random() * (asks[1] - asks[0])) : Infinity;
  }
  const isDue = () => Boolean(open && open.sitting && study.onAsk) && performance.now() >= askAt;
  function askWhenDue() {
    if (!start || !isDue()) return;
    const sitting = open.sitting;
    askAt = Infinity;
    study.afterSentence(study.film ? study.film.sentenceEnds() : 0, () => open && open.sitting === sitting, askHere);
  }
  // Whoever paused until the question was due is asked before anything plays: what plays first would not count. Is it asked?
  study.askFirst = () => { if (!start && !isAsking && isDue()) askHere(); return isAsking; };
  function askHere() {
    isAsking = true;
    study.onAsk(() => {
      isAsking = false;
      if (!open || !open.sitting) return;
      const t = Math.max(lastT + 1, Math.round(performance.now() - openedAt));
      pending.push({ t_ms: t, from_s: last, to_s: last, rate: 0 });
      lastT = t;
      keepHere();
      askAgain(performance.now());
    });
  }
  // The sentence that is being said is heard to its end; whoever stops, jumps or reads is asked at once.
  study.afterSentence = (ends, isWanted, ask) => {
    const until = Date.now() + 20000;
    const isOver = () => !study.film || !study.film.isPlaying() || study.film.second() >= ends - 0.05 || study.film.second() < ends - 16
      || Date.now() > until;
    (function look() {
      if (!isWanted()) return;
      if (isOver()) ask(); else setTimeout(look, 150);
    })();
  };
  study.onSynced = (told) => { if (told.lessons[data.lesson]) show(told.lessons[data.lesson]); };

  // A phone that slept may have stopped the clock we count by: then the server is asked how late it is.
  let awake = 0, asking = false;
  async function wake() {
    if (!open || sending || asking || Math.abs(Date.now() - performance.now() - awake) < 3000) return;
    if (open.sitting) { leaveHere(); return; }  // asleep, or a clock that was set: a new sitting
    asking = true;
    try {
      const answer = await call(`/lessons/${data.lesson}/playback`, { key });
      const told = await answer.json();
      if (answer.ok && open && !told.ended && !sending) {
        const before = openedAt;
        opened(told);
        openedAt = Math.min(openedAt, before);
      }
    } catch (_offline) { /* asked again with the next beat */ } finally { asking = false; }
  }

  // `open` spans are kept too: a page that is killed in the middle has them told by the next one.
  function shelve(isGoing) {
    const now = isGoing && start && open ? claim(where()) : null;
    const beats = now ? pending.concat([now]) : pending;
    if (open && open.sitting) { tickets.shelve(data.person, open.sitting, open.unkept.concat(beats), isGoing ? Date.now() : 0); return; }
    keep(`beats/${key}`, beats.length ? { lesson: data.lesson, key, pending: beats, going: isGoing ? Date.now() : 0, when: Date.now() } : null);
  }
  // A form token that holds no more (somebody signed in beside): only the page that comes anew has a good one.
  const isStale = (told) => /csrf$/.test(told.type || '');
  function lose(told) {
    say(told.detail);
    if (study.onLost) study.onLost(told.detail, isStale(told));
  }
  // Ended elsewhere or too long silent: what comes next is a new playback.
  function part() { clearInterval(timer); open = null; start = null; isAsking = false; key = newKey(); }
  function close() { shelve(); part(); }
  // An outage that lasts: with a ticket what was played in it goes into the record, for what a playback is told so late may not
  // count. Until the record has it, it is on the shelf. A check is answered where it was asked; without a ticket the playback goes on.
  async function leavePlayback() {
    if (study.isAwaited && study.isAwaited()) return;
    const first = pending[0], was = open, since = openedAt, shelved = `beats/${key}`;
    const began = first && openedAt + Math.max(ackedT, first.t_ms - 1000 * (first.to_s - first.from_s) / first.rate);
    const sitting = await sit(first && Date.now() - performance.now() + began);
    if (!sitting) hasTicket = false;
    if (!sitting || open !== was) return;
    cut();
    close();
    const left = pending;
    pending = [];
    goOnHere(sitting);
    if (sitting.isEarlier) {
      pending = left.map((beat) => Object.assign({}, beat, { t_ms: Math.round(since + beat.t_ms - openedAt) }));
      lastT = pending[pending.length - 1].t_ms;
      shelve();
      keep(shelved, null);
      keepHere();
    }
    if (!video) read();
  }

  async function flush(keepalive) {
    if (sending) { again = true; return; }
    if (!open || !pending.length) return;
    if (open.sitting) { await keepHere(); return; }
    sending = true;
    const batch = pending.slice(0, 500);
    try {
      const answer = await call(`/playbacks/${open.playback_id}/beats`, { nonce: open.nonce, seq: open.next_seq, beats: batch }, keepalive);
      const told = await answer.json();
      failures = 0;
      if (answer.ok || (answer.status === 409 && told.type.endsWith('sequence-gap'))) {
        open.nonce = told.nonce; open.next_seq = told.next_seq;
        ackedT = Math.max(ackedT, told.acked_t_ms);
        for (const beat of pending) if (beat.t_ms <= told.acked_t_ms) known = beat.to_s;
        pending = pending.filter((beat) => beat.t_ms > told.acked_t_ms);
        if (answer.ok) { show(told); say(''); } else again = true;
      } else if (answer.status === 429) {
        clearTimeout(retry);
        retry = setTimeout(flush, 1000 * (Number(answer.headers.get('Retry-After')) || 2));
      } else if (answer.status === 401 || answer.status >= 500) say(told.detail); else {
        if (ours.isForLater(answer, told)) cut(); else pending = [];  // it will never be taken: ended, or not understood
        close();
        pending = [];  // what may be taken later is on the shelf, for the next page
        lose(told);
      }
      shelve(Boolean(start));
    } catch (_offline) {
      sayOffline();
      failures += 1;
      if (hasTicket && failures > 1) await leavePlayback();
    }
    sending = false;
    if (again) { again = false; flush(); }
  }

  // What an earlier page of this phone could not deliver any more.
  async function deliverShelved() {
    const told = await ours.deliver(data.person, data.csrf, { but: () => key, hear: (lesson, state) => { if (lesson === data.lesson) show(state); else challenged(state); } });
    if (told.isGoing) setTimeout(deliverShelved, ours.ASLEEP_MS);
    if (told.refused[data.lesson]) say(told.refused[data.lesson]);
  }

  // To ears the count is told at each quarter and at the end, not at every beat.
  const quarter = () => (study.isComplete ? 4 : Math.min(3, Math.floor(bar.value * 4 / bar.max)));
  let saidQuarter = quarter();
  function sayAtQuarters(text) {
    if (quarter() <= saidQuarter) return;
    saidQuarter = quarter();
    aloud.textContent = text;
  }

  function show(told) {
    bar.value = told.credited_s * 1000;
    study.isComplete = told.lesson_completed;
    study.creditedS = told.credited_s;
    const text = study.isComplete ? says.done : `${says.counted} ${clock(told.credited_s)} / ${clock(durationS)}`;
    if (words.textContent !== text) words.textContent = text;
    sayAtQuarters(text);
    if (study.isComplete) nextUp.hidden = false;
    if (dayFull && 'day_left_s' in told) dayFull.hidden = told.day_left_s > 0;
    challenged(told);
  }

  // ---- what is being watched or read: from a start until something changes
  let start = null, last = video ? 0 : Number(data.resume) / 1000;
  function begin(position, rate) {
    start = { position, rate: Math.min(rate, maxRate), at: performance.now() };
    last = position;
  }
  function where() {
    if (video) return video.seeking ? last : video.currentTime;
    const passed = (performance.now() - start.at) / 1000;
    return start.position + (passed > ASLEEP_S ? 5 : passed);
  }
  // The furthest the time that passed allows. Some browsers jump without a word (no `seeking`, an early `ended`).
  const most = () => start.position + (performance.now() - start.at) / 1000 * start.rate + SLACK_S;
  const hasJumped = (position) => position > most() || position < start.position - 0.05;
  function claim(position) {
    const to = Math.min(hasJumped(position) ? Math.min(last, most()) : position, durationS);
    const t = Math.round(performance.now() - openedAt);
    if (to <= start.position || t <= lastT) return null;
    return { t_ms: t, from_s: Number(start.position.toFixed(3)), to_s: Number(to.toFixed(3)), rate: start.rate };
  }
  function cut(position) {
    if (!start || !open) return;
    const at = position === undefined ? where() : position, jumped = hasJumped(at), beat = claim(at);
    if (beat) {
      pending.push(beat);
      lastT = beat.t_ms;
    }
    begin(jumped ? at : Math.max(beat ? beat.to_s : start.position, start.position), start.rate);
    shelve(true);
  }
  const stop = (position) => { cut(position); start = null; shelve(); };

  // The film is at `position` now, at this speed: called often while it plays.
  let shelvedAt = 0;
  study.look = (position, rate) => {
    if (start && (hasJumped(position) || Math.abs(rate - start.rate) > 0.001)) {
      const isJump = hasJumped(position);
      cut(position);
      if (start) begin(isJump ? position : start.position, rate);
    }
    last = position;
    if (start && performance.now() - shelvedAt > 1000) { shelvedAt = performance.now(); shelve(true); }
  };
  study.isGoing = () => Boolean(start);
  study.show = show;
  study.now = () => Math.round(performance.now() - openedAt);
  study.playback = () => open && open.playback_id;
  Object.assign(study, { begin, cut, stop, flush, ensureOpen, last: () => last, hear: (position) => { last = position; } });
  study.resumeAt = () => {
    if (/[?&]t=\d/.test(location.search)) return known;
    // This phone may know a later second than the server, if the server has heard of no other since; a page that was asked
    // for while the last beats were still on their way knows less.
    const mine = kept(`at/${data.lesson}`), age = mine ? Date.now() - mine.when : 0;
    const isSame = mine && known >= mine.known - 1.5 && known <= Math.max(mine.s, mine.known) + 1.5;
    const at = mine && (age < 15000 || (age < 86400000 && isSame)) ? mine.s : known;
    return at > 3 && at < durationS - 3 ? at : 0;
  };

  function leaveQuietly() {
    if (video) {
      const at = where();
      cut();
      if (at > 0) keep(`at/${data.lesson}`, { s: at, when: Date.now(), known });
    } else stop();
    shelve();
    flush(true);
  }
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') leaveQuietly();
    else { wake(); if (!video) read(); }
  });
  window.addEventListener('pagehide', leaveQuietly);
  document.addEventListener('freeze', leaveQuietly);
  window.addEventListener('online', () => {
    if (open && open.sitting) leaveHere(); else flush();
    deliverShelved();
    if (!video) read();
  });

  deliverShelved().then(() => { if (!video) read(); });

  if (!video) study.onAsk = (answer) => { stop(); window.alert(says.asked); answer(); read(); };

  // ---- reading: time counts while the page is in sight; at the end it goes on from the beginning until all of it counts
  async function read() {
    if (study.isComplete || study.isAsked() || document.visibilityState !== 'visible' || !(await ensureOpen())) return;
    if (study.isAsked() || document.visibilityState !== 'visible' || study.askFirst()) return;
    if (start && start.position < durationS) return;
    begin(last >= durationS ? 0 : last, 1);
  }
  if (!video) {
    study.halt = () => { stop(); flush(); return true; };
    study.goOn = () => read();
  }
  if (!video) setInterval(() => { if (start) { wake(); cut(); flush(); read(); } }, 5000);
})();
