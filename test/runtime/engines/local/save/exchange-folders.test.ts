import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FileFunctions, fileFunctions } from "../../../../../runtime/engines/local/native/libc.js";
import { putInPlace } from "../../../../../runtime/engines/local/save/exchange-folders.js";
import { interfere } from "../../../../support/interfere.js";
import { tempFolder } from "../../../../support/temp.js";

/** A folder with one file, whose name tells it. */
function folderOf(path: string, name: string): string {
  mkdirSync(path);
  writeFileSync(join(path, name), "");
  return path;
}

function places(): { readonly target: string; readonly fresh: string; readonly scratch: string } {
  const folder = tempFolder();
  mkdirSync(join(folder, "scratch"));
  return {
    target: folderOf(join(folder, "model"), "old"),
    fresh: folderOf(join(folder, "scratch", "new"), "new"),
    scratch: join(folder, "scratch"),
  };
}

/** As on a system that cannot exchange two folders. */
function withoutExchange(): void {
  const functions = fileFunctions() as { -readonly [Name in keyof FileFunctions]: FileFunctions[Name] };
  const { exchange } = functions;
  expect(exchange).toBeDefined();
  onTestFinished(() => void Object.assign(functions, { exchange }));
  delete functions.exchange;
}

describe("putInPlace", () => {
  it("putInPlace exchanges two folders", () => {
    const { target, fresh, scratch } = places();
    putInPlace(target, fresh, scratch);
    expect([readdirSync(target), readdirSync(fresh)]).toEqual([["new"], ["old"]]);
    expect(readdirSync(scratch)).toEqual(["new"]);
  });

  it("putInPlace renames both if folders cannot be exchanged", () => {
    withoutExchange();
    const { target, fresh, scratch } = places();
    putInPlace(target, fresh, scratch);
    expect(readdirSync(target)).toEqual(["new"]);
    expect(readdirSync(scratch)).toEqual(["old-1"]);
    expect(readdirSync(join(scratch, "old-1"))).toEqual(["old"]);
  });

  it("putInPlace restores the old folder if the new one cannot be put in its place", () => {
    withoutExchange();
    const { target, fresh, scratch } = places();
    const undo = interfere("renameSync", (from) => {
      if (from === fresh) renameSync(fresh, `${fresh}-gone`);
    });
    try {
      expect(() => putInPlace(target, fresh, scratch)).toThrow("ENOENT");
    } finally {
      undo();
    }
    expect(readdirSync(target)).toEqual(["old"]);
  });

  it("putInPlace retries if another process has put its own folder there meanwhile", () => {
    withoutExchange();
    const { target, fresh, scratch } = places();
    const other = folderOf(join(dirname(target), "other"), "other");
    const undo = interfere("renameSync", (from) => {
      if (from === fresh && existsSync(other)) renameSync(other, target);
    });
    try {
      putInPlace(target, fresh, scratch);
    } finally {
      undo();
    }
    expect(readdirSync(target)).toEqual(["new"]);
    expect(readdirSync(scratch).sort()).toEqual(["old-1", "old-2"]);
    expect(readdirSync(join(scratch, "old-2"))).toEqual(["other"]);
  });

  it("putInPlace retries if another process has moved the old folder away meanwhile", () => {
    withoutExchange();
    const { target, fresh, scratch } = places();
    const undo = interfere("renameSync", (from) => {
      if (from === target) renameSync(target, join(dirname(target), "away"));
    });
    try {
      putInPlace(target, fresh, scratch);
    } finally {
      undo();
    }
    expect(readdirSync(target)).toEqual(["new"]);
  });

  it("putInPlace does not retry for other reasons", () => {
    const { target, scratch } = places();
    expect(() => putInPlace(target, join(scratch, "missing"), scratch)).toThrow("ENOENT");
    expect(readdirSync(target)).toEqual(["old"]);
  });
});
