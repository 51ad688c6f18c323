"use strict";
// Identities by the number of their proof (CAC-10): the same token gives the same object, and never another
// token's. A place may have been taken by another proof since, so each object is compared by the number that it
// holds itself; whatever is not found is made anew from the core.

const { is } = require("./identity.cjs");

class Table {
  #places;
  #mask;

  /** Twice as many places as the core's cache has tokens; one where it has none. */
  constructor(capacity) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(1, 2 * capacity)));
    this.#places = [];
    this.#mask = places - 1;
  }

  get(id) {
    const identity = this.#places[id & this.#mask];
    return identity !== undefined && is(identity, id) ? identity : undefined;
  }

  /** Numbers follow each other, so places are taken in their order and the list has no holes to speak of. */
  put(id, identity) {
    const place = id & this.#mask;
    while (this.#places.length < place) this.#places.push(undefined);
    this.#places[place] = identity;
  }

  clear() {
    this.#places = [];
  }
}

module.exports = { Table };
