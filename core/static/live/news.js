/** What has just happened, newest first; a log that screen readers read out as it grows. */

const MOST = 40;

export class News {
  #list;

  constructor(list) {
    this.#list = list;
  }

  add({ actor, text, at, recovered }) {
    const item = document.createElement("li");
    const face = document.createElement("span");
    const line = document.createElement("p");
    const name = document.createElement("b");
    const time = document.createElement("time");
    const who = actor?.display_name ?? "Somebody";
    face.className = "face";
    face.ariaHidden = true;
    face.style.setProperty("--hue", ((actor?.id ?? 0) * 67) % 360);
    face.textContent = who.charAt(0).toUpperCase();
    name.textContent = who;
    time.dateTime = at;
    time.textContent = new Date(at).toLocaleTimeString("en-GB");
    line.append(name, ` ${text} `, time);
    if (recovered) {
      const badge = document.createElement("span");
      badge.className = "badge";
      badge.textContent = "recovered";
      badge.title = "Happened while the connection was away, and was sent when it came back.";
      line.append(" ", badge);
    }
    item.classList.toggle("recovered", Boolean(recovered));
    item.append(face, line);
    this.#list.prepend(item);
    if (this.#list.children.length > MOST) this.#list.lastElementChild.remove();
  }
}
