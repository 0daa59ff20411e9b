// Unpacks the packaged Chromium, its libraries and fonts into a folder, with nothing but Node's own Brotli.
// `node unpack.mjs FOLDER`; a folder that is whole is left as it is.

import { execFileSync } from "node:child_process";
import { chmodSync, createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const folder = process.argv[2];
const packed = join(import.meta.dirname, "node_modules", "@sparticuz", "chromium", "bin");

if (!existsSync(join(folder, "chromium"))) {
  const made = `${folder}.${process.pid}`; // another worker may do the same: whoever is last is no worse
  mkdirSync(made, { recursive: true });
  for (const archive of ["al2023.tar", "fonts.tar", "swiftshader.tar"]) {
    await unbrotli(archive, join(made, archive));
    execFileSync("tar", ["-xf", archive], { cwd: made });
    rmSync(join(made, archive));
  }
  await unbrotli("chromium", join(made, "chromium"));
  chmodSync(join(made, "chromium"), 0o755);
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
}

function unbrotli(name, to) {
  return pipeline(createReadStream(join(packed, `${name}.br`)), createBrotliDecompress(), createWriteStream(to));
}
