import { fileURLToPath } from "node:url";
import { printable } from "./text.js";

/**
 * A process may have two copies of this package: of two versions, or installed at two places. An object of one is not
 * an instance of the other's classes. This symbol, which all copies share, identifies the class and copy of an object.
 */
const MADE_BY: unique symbol = Symbol.for("savedmodel.madeBy");

interface Maker {
  readonly name: string;
  /** The folder of the copy's code. */
  readonly home: string;
}

const HOME: string = homeOf(import.meta.url);

/** A bundle in CommonJS form does not know its own address. */
function homeOf(url: string | undefined): string {
  return url === undefined ? "a bundle" : fileURLToPath(new URL("..", url));
}

/** Marks `thing`, and all that inherits from it, as this copy's. */
export function mark(thing: object, name: string): void {
  const value: Maker = { name, home: HOME };
  Object.defineProperty(thing, MADE_BY, { value });
}

/**
 * Returns what a value of another copy is, with the folders of both; undefined for a value of this copy, or of none.
 *
 * @param ours the folder of this copy's code
 */
export function describeForeign(value: unknown, ours: string = HOME): string | undefined {
  const maker = makerOf(value);
  if (maker === undefined || maker.home === ours) return undefined;
  return `a ${printable(maker.name, 100)} of another copy of savedmodel (${show(maker.home)}, not ${show(ours)})`;
}

/** Advice for a value of another copy. */
export const ONE_COPY =
  "Install one copy for both (`npm ls savedmodel` and `npm dedupe` help), or pass arrays instead.";

/** Marks a class of errors, so that `instanceof` is true for those of another copy too. */
export function markError(type: { readonly prototype: object }, name: string): void {
  mark(type.prototype, name);
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: { readonly prototype: object }, value: unknown): boolean {
      return isInstance(this, value);
    },
  });
}

function isInstance(type: { readonly prototype: object }, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(type, value)) return true;
  // Subclasses of users are not marked, and have no like in another copy.
  const name = Object.hasOwn(type.prototype, MADE_BY) ? makerOf(type.prototype)?.name : undefined;
  if (name === undefined) return false;
  for (let at = prototypeOf(value); at !== null; at = prototypeOf(at)) {
    if (Object.hasOwn(at, MADE_BY) && makerOf(at)?.name === name) return true;
  }
  return false;
}

function prototypeOf(value: unknown): object | null {
  return typeof value === "object" && value !== null ? (Object.getPrototypeOf(value) as object | null) : null;
}

function makerOf(value: unknown): Maker | undefined {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return undefined;
  const maker: unknown = Reflect.get(value, MADE_BY);
  if (typeof maker !== "object" || maker === null || !("name" in maker && "home" in maker)) return undefined;
  const { name, home } = maker;
  return typeof name === "string" && typeof home === "string" ? { name, home } : undefined;
}

function show(folder: string): string {
  return printable(folder, 500);
}
