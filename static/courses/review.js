/* Reading a course in review: the film's own time for a remark, and the film at a remark's time. Everything works without. */
(function () {
  "use strict";

  function filmNear(element) {
    var section = element.closest("section");
    return section ? section.querySelector("video") : null;
  }

  function twoDigits(n) {
    return (n < 10 ? "0" : "") + n;
  }

  document.querySelectorAll("button.now").forEach(function (button) {
    var film = filmNear(button);
    if (!film) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      var second = Math.floor(film.currentTime);
      button.parentNode.querySelector("input").value = Math.floor(second / 60) + ":" + twoDigits(second % 60);
    });
  });

  document.querySelectorAll("button.seek").forEach(function (button) {
    var film = filmNear(button);
    if (!film) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      film.currentTime = Number(button.dataset.second);
      film.scrollIntoView({ block: "center" });
      film.focus();
    });
  });
})();
