// Points with the keys 1 to 5; Enter on a chosen one hands the form in, as browsers do.
(() => {
  const form = document.getElementById('mark');
  if (!form) return;
  const steps = [...form.querySelectorAll('input[type=radio]')];
  document.getElementById('keys').hidden = false;
  document.addEventListener('keydown', (event) => {
    const isWriting = /^(TEXTAREA|SELECT)$/.test(event.target.tagName) || (event.target.tagName === 'INPUT' && event.target.type !== 'radio');
    if (isWriting || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const step = steps[Number(event.key) - 1];
    if (!step) return;
    step.checked = true;
    step.focus();
    event.preventDefault();
  });
})();
