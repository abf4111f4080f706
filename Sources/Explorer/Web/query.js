// Finds nodes by what is typed. The language is written down in the library, at `NodeQuery`; this is its twin, and the
// tests compare the two. Labels are those that the reader gave.

import { Kind, kindNames } from "./graph.js";

const mostCharacters = 1000;
const quantities = {
  layer: { isWhole: true }, pos: { isWhole: true, isSigned: true }, index: { isWhole: true },
  influence: {}, activation: { isSigned: true },
};

export class QueryFault extends Error {
  constructor(place, reason) { super(`The search cannot be read at character ${place}: ${reason}.`); }
}

/**
 * A test of whether a node is meant.
 * @returns {(place: number) => boolean}
 * @throws {QueryFault}
 */
export function matcher(query, app) {
  const terms = new Scanner(query).terms();
  return (place) => terms.every(({ condition, isNegated }) => holds(condition, app, place) !== isNegated);
}

/** Reads a query into its terms. */
export class Scanner {
  constructor(text) {
    this.characters = Array.from(text);
    this.place = 0;
    if (this.characters.length > mostCharacters) throw new QueryFault(mostCharacters + 1, `a search has at most ${mostCharacters} characters`);
  }

  terms() {
    const terms = [];
    this.skipSpaces();
    while (this.place < this.characters.length) {
      const isNegated = this.take("-");
      if (isNegated && this.isAtEnd) throw this.fault("there is nothing behind '-'; put '-' into quotes to look for it");
      terms.push({ condition: this.condition(), isNegated });
      this.skipSpaces();
    }
    return terms;
  }

  condition() {
    const start = this.place;
    while (/^[a-z]$/i.test(this.here)) this.place++;
    if (this.place === start || ![":", "<", ">"].includes(this.here)) {
      this.place = start;
      return { key: "text", value: this.text("the search") };
    }
    const key = this.characters.slice(start, this.place).join("").toLowerCase();
    if (quantities[key]) return this.comparison(key);
    if (!["label", "token", "id", "kind"].includes(key)) {
      this.place = start;
      throw this.fault(`'${key}' is nothing that nodes have; they have label, token, id, kind, layer, pos, index, influence and activation, and text with a ':', '<' or '>' in it goes into quotes`);
    }
    if (!this.take(":")) throw this.fault(`behind '${key}' comes ':'`);
    const at = this.place;
    const value = this.text(`'${key}:'`);
    if (key === "kind" && !kindNames.includes(value)) {
      this.place = at;
      throw this.fault("a kind is one of feature, error, embedding and logit");
    }
    return { key, value };
  }

  comparison(key) {
    let operator;
    if (this.take(":")) {
      if (!quantities[key].isWhole) {
        this.place--;
        throw this.fault(`${key} is compared with '<', '>', '<=' or '>='`);
      }
      operator = ":";
    } else {
      operator = this.characters[this.place++];
      if (this.take("=")) operator += "=";
    }
    return { key, operator, value: this.number(key) };
  }

  number(key) {
    const { isWhole, isSigned } = quantities[key];
    const start = this.place;
    const isNegative = this.take("-");
    const digits = this.digits();
    if (digits === 0) {
      this.place = start;
      throw this.fault(`${key} is compared with a number, such as 3`);
    }
    if (isNegative && !isSigned) {
      this.place = start;
      throw this.fault(`${key} is never below 0`);
    }
    let decimals = 0;
    if (this.here === ".") {
      if (isWhole) throw this.fault(`${key} is a whole number`);
      this.place++;
      decimals = this.digits();
      if (decimals === 0) throw this.fault("behind '.' comes a digit");
    }
    if (!this.isAtEnd) throw this.fault("behind a number comes a space");
    if (digits + decimals > 15) {
      this.place = start;
      throw this.fault("a number has at most 15 digits");
    }
    return Number(this.characters.slice(start, this.place).join(""));
  }

  text(after) {
    if (this.isAtEnd) throw this.fault(`behind ${after} comes a text`);
    const start = this.place;
    if (this.here !== "\"") {
      while (!this.isAtEnd) this.place++;
      return this.characters.slice(start, this.place).join("");
    }
    let text = "";
    this.place++;
    while (this.place < this.characters.length && this.here !== "\"") {
      if (this.here === "\\" && ["\"", "\\"].includes(this.characters[this.place + 1])) this.place++;
      text += this.characters[this.place++];
    }
    const fault = this.place >= this.characters.length ? "this quote is not closed" : text === "" ? "there is nothing between the quotes" : null;
    if (fault) {
      this.place = start;
      throw this.fault(fault);
    }
    this.place++;
    if (!this.isAtEnd) throw this.fault("behind a closing quote comes a space");
    return text;
  }

  get here() { return this.characters[this.place] ?? ""; }
  get isAtEnd() { return this.place >= this.characters.length || " \t\n\r".includes(this.here); }
  skipSpaces() { while (this.place < this.characters.length && this.isAtEnd) this.place++; }

  take(character) {
    if (this.here !== character) return false;
    this.place++;
    return true;
  }

  digits() {
    const start = this.place;
    while (/^[0-9]$/.test(this.here)) this.place++;
    return this.place - start;
  }

  fault(reason) { return new QueryFault(this.place + 1, reason); }
}

/** Each character in lower case by itself. */
function plain(text) { return Array.from(text, (character) => character.toLowerCase()).join(""); }

function holds({ key, operator, value }, app, place) {
  const { graph } = app;
  const kind = graph.kind[place];
  const token = () => plain(graph.tokens[graph.position[place]] ?? "");
  switch (key) {
    case "text":
      return plain(app.givenLabel(place)).includes(plain(value)) || plain(graph.ids[place]).includes(plain(value))
        || (kind === Kind.embedding && token().includes(plain(value)));
    case "label": return plain(app.givenLabel(place)).includes(plain(value));
    case "token": return (kind === Kind.logit ? plain(graph.labels[place].split("(p=").slice(0, -1).join("(p=") || graph.labels[place]) : token()).includes(plain(value));
    case "id": return graph.ids[place] === value;
    case "kind": return kindNames[kind] === value;
    case "layer": return kind < 2 && compare(graph.layer[place], operator, value);
    case "pos": return compare(graph.position[place], operator, value < 0 ? value + graph.tokens.length : value);
    case "index": return kind === Kind.feature && compare(graph.index[place], operator, value);
    case "influence": return kind !== Kind.logit && compare(graph.statesInfluence ? graph.stated[place] : app.shares[place], operator, value);
    default: return kind === Kind.feature && compare(graph.activation[place], operator, value);
  }
}

function compare(value, operator, wanted) {
  switch (operator) {
    case ":": return value === wanted;
    case "<": return value < wanted;
    case ">": return value > wanted;
    case "<=": return value <= wanted;
    default: return value >= wanted;
  }
}
