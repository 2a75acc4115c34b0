// Keeps the page live: the server sends its changing part once a second, and only what differs is
// touched, so that opened details, focus, selection and scrolling stay.
"use strict";

const news = document.getElementById("news");
const silence = document.getElementById("silence");
let heard = Date.now();

function update(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh.cloneNode(true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  updateChildren(old, fresh);
}

function updateChildren(old, fresh) {
  const [now, next] = [[...old.childNodes], [...fresh.childNodes]];
  next.forEach((node, at) => {
    if (at < now.length) update(now[at], node);
    else old.append(node.cloneNode(true));
  });
  now.slice(next.length).forEach((node) => node.remove());
}

function say(words) {
  if (silence.textContent !== words) silence.textContent = words;
  silence.hidden = words === "";
}

function arrive(event) {
  heard = Date.now();
  say("");
  if (document.hidden) return;
  const fresh = new DOMParser().parseFromString(event.data, "text/html").body;
  updateChildren(news, fresh);
  const tone = news.querySelector(".headline");
  if (tone) document.title = `${tone.classList[1]} · Strait`;
}

setInterval(() => {
  const seconds = Math.round((Date.now() - heard) / 1000);
  if (seconds >= 4) say(`The worker has not answered for ${seconds} s; what you see is that old.`);
}, 1000);

new EventSource("/api/v1/stream?as=page").addEventListener("page", arrive);
