// Where data is saved a picture is a link that says its size: a tap shows it in its place. Without this file it opens by itself.
(() => {
  document.addEventListener('click', (event) => {
    const link = event.target.closest && event.target.closest('a.picture');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const picture = document.createElement('img');
    picture.alt = link.textContent.slice(0, link.textContent.lastIndexOf(' · '));
    picture.width = link.dataset.width;
    picture.height = link.dataset.height;
    picture.src = link.href;
    picture.tabIndex = -1;
    // Where the network was gone the link is there again, to be tapped once more.
    picture.onerror = () => { if (picture.parentNode) { picture.parentNode.replaceChild(link, picture); link.focus(); } };
    link.parentNode.replaceChild(picture, link);
    picture.focus();
  });
})();
