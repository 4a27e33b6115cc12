// Asks the hub again and again while somebody looks: the next time when the last answer has come and a while has passed.
// Never more than one request at a time, whatever happens meanwhile.

export class Poller {
  #timer = null;
  #asking = false;
  #again = false;
  #runs = false;
  #turn = 0;

  // `ask` gives what `show` gets; `isAllowed` says whether time alone may make it ask (a reader may have paused the page).
  // While it runs it is in the set `running`.
  constructor({ every, ask, show, failed, isAllowed = () => true, running }) {
    Object.assign(this, { every, ask, show, failed, isAllowed, running });
  }

  start() {
    if (this.#runs) return;
    this.#runs = true;
    this.running?.add(this);
    ++this.#turn;
    this.now();
  }
  stop() {
    this.#runs = false;
    this.running?.delete(this);
    ++this.#turn; // what is on its way is for nobody
    clearTimeout(this.#timer);
  }

  // Something else is wanted than before: what is on its way does not count any more.
  now() {
    if (!this.#runs) return;
    ++this.#turn;
    if (this.#asking) this.#again = true;
    else this.#run();
  }
  // There may be news; no hurry.
  soon(delay = 400) {
    if (!this.#runs || this.#asking || !this.isAllowed()) return;
    this.#wait(delay);
  }

  #wait(delay) {
    const due = performance.now() + delay;
    if (this.#timer && this.due <= due) return;
    clearTimeout(this.#timer);
    this.due = due;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.isAllowed()) this.#run();
      else this.#wait(this.every);
    }, delay);
  }

  async #run() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#asking = true;
    const turn = this.#turn;
    try {
      const answer = await this.ask();
      if (turn === this.#turn) this.show(answer);
    } catch (error) {
      if (turn === this.#turn) this.failed?.(error);
    }
    this.#asking = false;
    if (!this.#runs) return;
    if (this.#again) {
      this.#again = false;
      this.#run();
    } else {
      this.#wait(this.every);
    }
  }
}
