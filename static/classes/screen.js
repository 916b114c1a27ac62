// The screen in the room: asks for the next code before the present one ends, and hides it where the line is lost.
(() => {
  const screen = document.getElementById('screen');
  if (!screen) return;
  const part = (id) => document.getElementById(id);
  const lost = part('lost'), shown = part('shown'), notNow = part('not-now'), left = part('left'), fill = part('fill');
  const EARLY_MS = 300, RETRY_MS = 2000;
  let until = Date.now() + Number(screen.dataset.left), timer = 0, failures = 0;

  const show = (told) => {
    shown.hidden = !told.is_now;
    notNow.hidden = told.is_now;
    if (told.is_now) {
      part('qr').src = told.qr;
      part('digits').textContent = told.digits;
    }
    part('count').textContent = told.count;
    part('seated').textContent = told.seated;
    until = Date.now() + told.ms_left;
  };

  // Twice a step, so that the count of who is here follows; the code itself changes with its step.
  const plan = (ms) => { clearTimeout(timer); timer = setTimeout(ask, ms); };
  const next = () => {
    const rest = until - Date.now();
    plan(rest > 6000 ? rest - 5000 : Math.max(EARLY_MS, rest + EARLY_MS));
  };

  const ask = async () => {
    try {
      const answer = await fetch(screen.dataset.now, { credentials: 'same-origin', cache: 'no-store' });
      if (!answer.ok) throw new Error(answer.status);
      show(await answer.json());
      failures = 0;
      lost.hidden = true;
      next();
    } catch (_failed) {
      failures += 1;
      if (Date.now() > until + 10000 || failures > 4) {
        shown.hidden = true;
        lost.hidden = false;
      }
      plan(RETRY_MS);
    }
  };

  setInterval(() => { left.value = Math.max(0, until - Date.now()); }, 250);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) ask(); });
  next();

  const whole = screen.requestFullscreen || screen.webkitRequestFullscreen || screen.webkitRequestFullScreen;
  if (whole) {
    fill.hidden = false;
    fill.addEventListener('click', () => whole.call(screen));
  }
  ['fullscreenchange', 'webkitfullscreenchange'].forEach((name) => document.addEventListener(name, () => {
    screen.classList.toggle('fills', (document.fullscreenElement || document.webkitFullscreenElement) === screen);
  }));
  // A projector's computer must not go to sleep in the middle.
  const awake = () => { if (navigator.wakeLock && !document.hidden) navigator.wakeLock.request('screen').catch(() => {}); };
  document.addEventListener('visibilitychange', awake);
  awake();
})();
