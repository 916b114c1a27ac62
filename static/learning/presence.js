// "Still there?": the check that the server sends with an answer (docs/decisions/0022-presence.md). The film or the reading waits
// while it is shown. Nothing newer than ES2017.
(() => {
  const study = window.study, box = document.getElementById('presence');
  if (!study || !box) return;
  const says = JSON.parse(box.dataset.words), $ = (id) => document.getElementById(id);
  const why = $('presence-why'), ways = $('presence-ways'), left = $('presence-left'), more = $('presence-more');
  let check = null, shown = false, ends = 0, ticking = 0, returnTo = null, wentOn = false, title = '', looking = 0, sending = false;

  study.isChecked = () => shown;
  study.isAwaited = () => check !== null;  // an answer is still to come
  study.onChallenge = (challenge) => {
    if (!challenge) { if (check && !sending) done(); return; }
    const isNew = !check || check.id !== challenge.id;
    if (!isNew && (shown || sending)) return;  // what is on the screen is told by the answers to it
    check = challenge;
    if (isNew) attend();
  };

  function attend() {
    const id = check.id;  // whoever is at another lesson meanwhile is asked at once
    study.afterSentence(check.lesson === box.dataset.lesson ? check.at_s : 0, () => check && check.id === id && !shown, show);
  }

  function show() {
    shown = true;
    returnTo = document.activeElement;
    wentOn = study.halt ? study.halt() : false;
    title = document.title;
    document.title = `${says.title} · ${title}`;
    draw();
    box.hidden = false;
    document.documentElement.classList.add('asked');
    $('presence-words').focus();
    ring();
    tell({ do: 'shown' }).catch(() => {});
  }

  // Heard with the screen dark, too: most who listen have the phone in a pocket.
  function ring() {
    try { if (navigator.vibrate) navigator.vibrate([200, 120, 200]); } catch (_unknown) { /* not on this phone */ }
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return;
    try {
      const context = new Context(), volume = context.createGain();
      volume.gain.value = 0.15;
      volume.connect(context.destination);
      [0, 0.35].forEach((at) => {
        const tone = context.createOscillator();
        tone.frequency.value = 660;
        tone.connect(volume);
        tone.start(context.currentTime + at);
        tone.stop(context.currentTime + at + 0.2);
      });
      setTimeout(() => context.close(), 1500);
    } catch (_silent) { /* the browser lets nothing sound that was not asked for */ }
  }

  // ---- what stands in the box
  function button(text, does, kind) {
    const made = document.createElement('button');
    made.type = 'button';
    made.className = kind || 'presence-answer';
    made.textContent = text;
    made.addEventListener('click', does);
    return made;
  }
  function empty(node) { while (node.firstChild) node.removeChild(node.firstChild); }
  function draw() {
    $('presence-words').textContent = check.prompt;
    $('presence-text').textContent = check.text || '';
    $('presence-text').hidden = !check.text;
    empty(ways);
    ways.className = check.options ? 'options' : '';
    if (check.options) check.options.forEach((option) => ways.appendChild(button(option.text, () => answer(option.id))));
    else if (check.kind === 'code') ways.appendChild(codeField());
    else if (check.kind === 'roll') ways.appendChild(document.createElement('p')).textContent = says.roll;
    else if (check.url) {
      const link = ways.appendChild(document.createElement('a'));
      link.className = 'presence-answer';
      link.href = check.url;
      link.target = '_blank';
      link.rel = 'noopener';
      link.textContent = says.outside;
      ways.appendChild(button(says.back, () => answer(true)));
    } else ways.appendChild(button(says.here, () => answer(true)));
    const others = $('presence-others');
    empty(others);
    check.others.forEach((other) => others.appendChild(button(other.label, () => choose(other.kind), 'presence-other')));
    $('presence-choice').hidden = !check.others.length;
    clearInterval(looking);
    if (check.kind === 'roll') looking = setInterval(() => tell({ do: 'shown' }).catch(() => {}), 4000);
    count();
  }
  function codeField() {
    const form = document.createElement('form'), input = form.appendChild(document.createElement('input'));
    input.id = 'presence-code';
    input.setAttribute('aria-label', check.prompt);
    input.setAttribute('inputmode', 'numeric');
    input.autocomplete = 'off';
    input.maxLength = 9;
    form.appendChild(button(says.send, () => {}, 'presence-answer')).type = 'submit';
    form.addEventListener('submit', (event) => { event.preventDefault(); answer(input.value); });
    return form;
  }
  function say(text) { why.textContent = text || ''; why.hidden = !text; }

  // ---- its time: told to ears when it begins to be short, not every second
  function count() {
    clearInterval(ticking);
    ends = performance.now() + check.left_s * 1000;
    more.hidden = check.missed || !check.extensions_left;
    $('presence-time').hidden = check.missed;
    let said = false;
    const wasInTime = check.left_s > 0;  // who comes back when it is over did not let it run out
    const tick = () => {
      const rest = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
      left.textContent = study.clock(rest);
      if (!said && rest > 0 && rest <= 20) { said = true; $('presence-aloud').textContent = says.short; }
      if (rest > 0 || check.missed) return;
      clearInterval(ticking);
      if (wasInTime && !sending) tell({ do: 'expired' }).catch(() => {});
    };
    tick();
    if (!check.missed) ticking = setInterval(tick, 500);
  }

  // ---- talking to the server; what is asked again changes nothing
  async function tell(what, playback) {
    const at = playback || study.playback() || (await study.ensureOpen() && study.playback());
    if (!at) throw new Error('offline');
    const id = check.id;
    const reply = await study.call(`/playbacks/${at}/challenge`, Object.assign({ id }, what));
    const told = await reply.json();
    if (!reply.ok) { if (reply.status === 404) done(); else say(told.detail); return told; }
    if (!check || check.id !== id) return told;
    if (told.passed) { done(told); return told; }
    const wasMissed = check.missed;
    check = told.challenge;
    if (check.missed && !wasMissed) say(says.missed);
    // More time changes nothing of the question: what somebody is about to press stays where it is.
    const isAsked = !check.missed && check.kind !== 'roll';
    if (what.do === 'shown') { if (check.kind !== 'roll') count(); } else keepInside(what.do === 'extend' && isAsked ? count : draw);
    return told;
  }
  // What is drawn anew must not take the focus away from whoever is inside by keys.
  function keepInside(change) {
    const wasInside = box.contains(document.activeElement);
    change();
    const here = document.activeElement;
    if (wasInside && !(box.contains(here) && here.offsetParent)) $('presence-words').focus();
  }
  // An answer that a lost line holds up says when it was given, and is sent again until it arrives.
  async function answer(value) {
    if (sending) return;
    sending = true;
    const playback = study.playback(), t = playback ? study.now() : undefined, id = check.id;  // by the clock of that one
    box.classList.add('sending');
    const send = async () => {
      try {
        const told = await tell({ answer: value, t_ms: t }, playback);
        if (check && check.id === id && told.passed === false) say(told.missed ? says.missed : says.wrong.replace('%s', check.tries_left));
      } catch (_offline) {
        say(says.offline);
        setTimeout(send, 3000);
        return;
      }
      sending = false;
      box.classList.remove('sending');
    };
    send();
  }
  const quietly = (promise) => promise.catch(() => say(says.lost));
  more.addEventListener('click', () => { quietly(tell({ do: 'extend' })); $('presence-aloud').textContent = says.extended; });
  function choose(kind) { say(''); quietly(tell({ do: 'choose', kind })).then(() => { if (shown) $('presence-words').focus(); }); }

  function done(told) {
    clearInterval(ticking);
    clearInterval(looking);
    check = null;
    sending = false;
    box.classList.remove('sending');
    if (!shown) return;
    shown = false;
    box.hidden = true;
    document.documentElement.classList.remove('asked');
    document.title = title;
    say('');
    if (told && study.show) study.show(told);
    if (told && told.missed) study.say(says.later);
    if (returnTo && returnTo !== document.body && document.contains(returnTo)) returnTo.focus();
    else if ($('play')) $('play').focus();
    if (study.goOn) study.goOn(wentOn);
  }

  // ---- the keyboard stays inside; nothing behind it can be reached
  box.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Escape') event.preventDefault();
    if (event.key !== 'Tab') return;
    const all = Array.from(box.querySelectorAll('button, input, a[href]')).filter((one) => one.offsetParent);
    const first = all[0], last = all[all.length - 1], here = document.activeElement;
    if (event.shiftKey && (here === first || here === $('presence-words'))) { event.preventDefault(); last.focus(); }
    if (!event.shiftKey && here === last) { event.preventDefault(); first.focus(); }
  });
  document.addEventListener('focusin', (event) => { if (shown && !box.contains(event.target)) $('presence-words').focus(); });
})();
