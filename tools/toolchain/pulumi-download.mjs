// Downloads the official release of the Pulumi CLI and verifies it with that release's checksums.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { join } from "node:path";
import { command } from "../steps.mjs";

/** How long to wait for an answer: without a network, the build should start soon. */
const CONNECT_TIMEOUT = 5_000;

/** @param {string} url @returns {Promise<Buffer>} */
function get(url, redirects = 5) {
  return new Promise((resolve, reject) => {
    const host = new URL(url).host;
    const request = https.get(url, { headers: { "user-agent": "pulumi-seapath" } }, (response) => {
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location && redirects > 0) {
        response.resume();
        return resolve(get(new URL(headers.location, url).href, redirects - 1));
      }
      if (statusCode !== 200) {
        response.resume();
        return reject(new Error(`${host} answers ${statusCode}`));
      }
      /** @type {Buffer[]} */
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks)));
      response.on("error", reject);
    });
    request.setTimeout(CONNECT_TIMEOUT, () => request.destroy(new Error(`${host} does not answer`)));
    request.on("error", (error) => reject(new Error(`${host}: ${error.message}`)));
  });
}

/**
 * Downloads the release and unpacks its executables into `folder`.
 * @param {string} version
 * @param {string} folder
 * @param {string} log
 */
export async function download(version, folder, log) {
  const architecture = { x64: "x64", arm64: "arm64" }[/** @type {string} */ (process.arch)];
  if (!architecture || !["linux", "darwin"].includes(process.platform))
    throw new Error(`no release for ${process.platform} ${process.arch}`);
  const archive = `pulumi-${version}-${process.platform}-${architecture}.tar.gz`;
  const release = `https://github.com/pulumi/pulumi/releases/download/${version}`;
  const bytes = await get(`https://get.pulumi.com/releases/sdk/${archive}`);
  const sums = (await get(`${release}/pulumi-${version.slice(1)}-checksums.txt`)).toString();
  const wanted = sums
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, name]) => name === archive)?.[0];
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== wanted) throw new Error(`${archive} has sha256 ${found}, its release says ${wanted}`);
  const unpacked = join(folder, "unpacked");
  mkdirSync(unpacked, { recursive: true });
  const file = join(folder, archive);
  writeFileSync(file, bytes);
  await command(["tar", "-xzf", file, "-C", unpacked, "--strip-components=1"], { log });
  for (const name of readdirSync(unpacked)) {
    if (name === "pulumi" || name === "pulumi-language-nodejs") copyFileSync(join(unpacked, name), join(folder, name));
  }
  rmSync(unpacked, { recursive: true });
  rmSync(file);
  if (!readFileSync(join(folder, "pulumi")).length) throw new Error(`${archive} holds no pulumi`);
}
