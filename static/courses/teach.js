// An instructor's pages: upload with progress, and a list that follows what is being made.
(() => {
  const form = document.getElementById('lesson-form');
  const file = document.getElementById('f-video');
  if (form && file) {
    const fault = document.getElementById('video-fault'), sending = document.getElementById('sending');
    const words = JSON.parse(form.dataset.words);
    // What a browser writes on a file field is in the browser's language; ours is written on a label over it.
    const picker = document.createElement('div'), press = document.createElement('label'), picked = document.createElement('span');
    picker.className = 'file-picker';
    press.className = 'button second';
    press.htmlFor = file.id;
    press.textContent = words.choose;
    picked.className = 'small muted';
    picked.textContent = words.none;
    file.parentNode.insertBefore(picker, file);
    picker.appendChild(file);
    picker.appendChild(press);
    picker.appendChild(picked);
    file.addEventListener('change', () => {
      const chosen = file.files[0];
      const tooLarge = chosen && chosen.size > Number(form.dataset.most) * 1048576;
      fault.hidden = !tooLarge;
      fault.textContent = tooLarge ? words.large.replace('%s', (chosen.size / 1048576).toFixed(0)) : '';
      if (tooLarge) file.value = '';
      picked.textContent = file.files.length ? file.files[0].name : words.none;
    });
    form.addEventListener('submit', (event) => {
      if (!file.files.length || !window.XMLHttpRequest) return;
      event.preventDefault();
      const request = new XMLHttpRequest();
      form.querySelector('button.button').disabled = true;
      sending.hidden = false;
      request.upload.addEventListener('progress', (now) => { if (now.lengthComputable) sending.value = now.loaded * 100 / now.total; });
      request.addEventListener('load', () => {
        if (request.status < 400) { location.href = request.responseURL; return; }
        document.open(); document.write(request.responseText); document.close();
      });
      request.addEventListener('error', () => { form.querySelector('button.button').disabled = false; fault.hidden = false; fault.textContent = words.broken; });
      request.open('POST', form.action);
      request.send(new FormData(form));
    });
  }
  if (document.querySelector('[data-making]')) {
    setInterval(async () => {
      if (document.visibilityState !== 'visible') return;
      const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html');
      const fresh = page.getElementById('lessons');
      const list = document.getElementById('lessons');
      if (fresh) { list.textContent = ''; list.append(...fresh.children); }
      if (!page.querySelector('[data-making]')) location.reload();
    }, 3000);
  }
})();
