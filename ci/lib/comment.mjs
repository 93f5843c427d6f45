// @ts-check
// The comment on a merge request: what a preview means, as Markdown of limited length.
import { fit } from "./fit.mjs";
import { block, caution, code, cut, details, inline, lines, marker, table, unlinked } from "./markdown.mjs";
import { countOf } from "./preview.mjs";
import { renderViolations } from "./violations.mjs";

/**
 * @typedef {object} Report
 * @property {string} project
 * @property {string} stack
 * @property {import("./outcome.mjs").Outcome} outcome
 * @property {import("./preview.mjs").Previewed} found
 * @property {import("./plan.mjs").Plan[]} plans empty if nothing was simulated
 * @property {string[]} [images] the uploaded picture of each plan, in the forge's own Markdown
 * @property {import("./job.mjs").Job} job
 */

/**
 * The comment. Its first line identifies it later.
 * @param {Report} report
 * @param {number} limit the forge's, in characters
 */
export function renderPreview(report, limit) {
  const { project, stack, outcome, found, plans, images = [], job } = report;
  return fit(
    [
      {
        worth: 100,
        forms: [
          `${marker("preview", project, stack)}\n### SEAPATH preview of ${code(`${project}/${stack}`)}: ${title(outcome, found)}`,
        ],
      },
      { worth: 95, forms: short(verdict(report)) },
      { worth: 94, forms: losses(found.changed) },
      {
        worth: 90,
        forms: section(
          "Refused by policies",
          renderViolations(found.mandatory),
          rulesOf(found.mandatory),
          "mandatory policies that refuse it",
        ),
      },
      {
        worth: 92,
        forms: section(
          "Refused by a check of the inputs",
          found.invalid.map(bullet),
          found.invalid.length,
          "inputs that are refused",
        ),
      },
      {
        worth: 91,
        forms: section(
          "Errors",
          found.errors.map((text) => block(cut(text, 4000))),
          found.errors.length,
          "errors",
        ),
      },
      { worth: 60, forms: resources(found.changed, plans) },
      {
        worth: 40,
        forms: section(
          "Advice of policies",
          renderViolations(found.advisory),
          rulesOf(found.advisory),
          "advisory policies that say something",
          true,
        ),
      },
      {
        worth: 30,
        forms: section("What the provider says", found.remarks.map(bullet), found.remarks.length, "remarks", true),
      },
      ...plans.flatMap((plan, index) => placement(plan, images[index])),
      { worth: 99, forms: [footer(plans, job)] },
    ],
    limit,
  );
}

/** @param {import("./outcome.mjs").Outcome} outcome @param {import("./preview.mjs").Previewed} found */
function title(outcome, { changed }) {
  if (outcome === "error") return "it failed";
  return `${changed.length === 0 ? "nothing changes" : countOf(changed)}${outcome === "refused" ? ", refused" : outcome === "unreachable" ? ", not checked" : ""}`;
}

/** A sentence for each deciding fact. @param {Report} report */
function verdict({ outcome, found, plans }) {
  const { mandatory, invalid, notChecked, errors } = found;
  const rules = rulesOf(mandatory);
  const lost = plans.flatMap(({ homeless }) => homeless);
  const moved = plans.flatMap((plan) => plan.moved);
  return [
    ...(errors.length > 0 ? ["**It failed**: the preview came to no end, and what stands here is not all."] : []),
    ...(rules > 0
      ? [
          `**Refused** by ${rules === 1 ? "a mandatory policy" : `${rules} mandatory policies`}: ${[...new Set(mandatory.map(({ policy }) => code(policy)))].join(", ")}.`,
        ]
      : []),
    ...(invalid.length > 0 ? [`**Refused** by a check of the inputs, ${invalid.length} of which would fail.`] : []),
    ...plans
      .filter(({ unreachable }) => unreachable)
      .map(
        ({ cluster, error }) =>
          `**Not checked**: where VMs will run${of(cluster)}, as no node could be reached. ${inline(cut(error ?? "", 400))}`,
      ),
    ...plans
      .filter(({ unreachable, error }) => error !== undefined && !unreachable)
      .map(
        ({ cluster, error }) => `**Not simulated**: where VMs will run${of(cluster)}. ${inline(cut(error ?? "", 800))}`,
      ),
    ...(plans.length === 0 && outcome !== "same"
      ? ["**Not simulated**: where VMs will run, since the preview did not get to its end."]
      : []),
    ...notChecked.map((text) => `**Not checked**: ${lines(cut(text.replace(/^not checked:? /i, ""), 400))}`),
    ...plans
      .filter(({ saved }) => saved)
      .map(
        ({ cluster }) =>
          `Where VMs will run was simulated on a cluster that was written down earlier${of(cluster)}, not on the one of now.`,
      ),
    ...(lost.length > 0 ? [`**No place**: Pacemaker would run ${lost.map(code).join(", ")} nowhere.`] : []),
    ...(moved.length > 0
      ? [`Something happens to VMs that nothing is changed about: ${moved.map(code).join(", ")}.`]
      : []),
  ];
}

/** @param {readonly import("./pulumi.mjs").Violation[]} violations */
const rulesOf = (violations) => new Set(violations.map(({ policy }) => policy)).size;

/** @param {string | undefined} cluster */
const of = (cluster) => (cluster === undefined ? "" : ` on ${code(cluster)}`);

/** All sentences, or just the first ones. @param {readonly string[]} sentences @returns {string[]} */
function short(sentences) {
  const list = (/** @type {readonly string[]} */ some) => some.map((sentence) => `- ${sentence}`).join("\n");
  const few = sentences.slice(0, 10);
  return [
    list(sentences),
    `${list(few)}\n- … and ${sentences.length - few.length} more, which the artifact has`,
    list(sentences.slice(0, 3).map((text) => cut(text, 300))),
  ];
}

/**
 * What is lost for good, in its own box.
 * @param {readonly import("./preview.mjs").Changed[]} changed
 * @returns {string[]}
 */
function losses(changed) {
  const lost = changed.filter(({ loses }) => loses !== undefined);
  if (lost.length === 0) return [""];
  const all = lost.map(
    ({ name, kind, verb, loses }) =>
      `${kind} ${code(name)} is ${{ create: "made", update: "changed", replace: "**replaced**", delete: "**deleted**" }[verb]}: ${loses}.`,
  );
  const some = (/** @type {number} */ most) =>
    caution(
      [...all.slice(0, most), ...(all.length > most ? [`… and ${all.length - most} more`] : [])]
        .map((text) => `- ${text}`)
        .join("\n"),
    );
  return [some(all.length), some(50), some(10)];
}

/** @param {string} text */
const bullet = (text) => `- ${lines(cut(text, 1000))}`;

/**
 * A heading with its content, then shorter forms: the first items, then just their number.
 * @param {string} heading
 * @param {readonly string[]} items
 * @param {number} count
 * @param {string} what
 * @param {boolean} [folded]
 */
function section(heading, items, count, what, folded = false) {
  if (items.length === 0) return [""];
  const put = (/** @type {string} */ body) =>
    folded ? details(`${heading} (${count})`, body) : `#### ${heading}\n\n${body}`;
  const first = (/** @type {number} */ most) =>
    put(
      `${items.slice(0, most).join("\n")}${count > most ? `\n\n… and ${count - most} more, which the artifact has` : ""}`,
    );
  return [
    first(count),
    ...[50, 10, 3].filter((most) => most < count).map(first),
    `#### ${heading}\n\nThere are ${count} ${what}; the artifact has them.`,
  ];
}

/** @param {readonly import("./preview.mjs").Changed[]} changed @param {readonly import("./plan.mjs").Plan[]} plans */
function resources(changed, plans) {
  if (changed.length === 0) return [""];
  const row = (/** @type {import("./preview.mjs").Changed} */ each, /** @type {number} */ most) => {
    const { verb, name, kind, retained } = each;
    const stands = verb === "replace" || verb === "delete";
    return [
      stands ? `**${verb}**` : verb,
      code(name),
      inline(kind),
      `${retained ? "what is there stays on the cluster (`retainOnDelete`)" : ""}${made(each, plans)}${properties(each, most)}`,
    ];
  };
  const put = (/** @type {number} */ rows, /** @type {number} */ most) => {
    const text = table(
      ["", "resource", "kind", "what changes, or what it is"],
      changed.slice(0, rows).map((each) => row(each, most)),
    );
    const all = changed.length > rows ? `${text}\n\n… and ${changed.length - rows} more, which the artifact has` : text;
    return changed.length > 15 ? details(`What changes (${changed.length})`, all) : `#### What changes\n\n${all}`;
  };
  return [
    put(changed.length, 40),
    put(changed.length, 3),
    ...[200, 50, 10].filter((most) => most < changed.length).map((most) => put(most, 3)),
    `#### What changes\n\n${countOf(changed)}; the artifact has which.`,
  ];
}

/**
 * What is created, and where it will run.
 * @param {import("./preview.mjs").Changed} changed
 * @param {readonly import("./plan.mjs").Plan[]} plans
 */
function made({ made }, plans) {
  if (made === undefined) return "";
  const facts = made.facts.map(({ word, value, after }) =>
    [word, ...(value === undefined ? [] : [code(value)]), ...(after === undefined ? [] : [after])].join(" "),
  );
  const places = made.vm === undefined ? undefined : plans.find(({ cluster }) => cluster === made.cluster)?.places;
  const place = places !== undefined && Object.hasOwn(places, made.vm ?? "") ? places[made.vm ?? ""] : undefined;
  return [
    ...facts,
    ...(place === undefined ? [] : [place === "nowhere" ? "**will run nowhere**" : `will run on ${code(place)}`]),
  ].join(", ");
}

/** @param {import("./preview.mjs").Changed} changed @param {number} most */
function properties({ properties }, most) {
  const shown = properties.slice(0, most).map(({ path, was, is, replaces }) => {
    const values =
      was === undefined && is === undefined
        ? ""
        : `: ${was === undefined ? "" : `${code(was)} `}→ ${is === undefined ? "none" : code(is)}`;
    return `${code(path)}${values}${replaces ? " (**replaces it**)" : ""}`;
  });
  return [...shown, ...(properties.length > most ? [`${properties.length - most} more`] : [])].join("<br>");
}

/** @param {import("./plan.mjs").Plan} plan @param {string} [image] @returns {import("./fit.mjs").Part[]} */
function placement({ cluster, markdown: tables, mermaid }, image) {
  if (tables === undefined) return [];
  const markdown = unlinked(tables);
  const heading = `#### Where VMs will run${of(cluster)}`;
  const long = markdown.split("\n").length > 40;
  return [
    {
      worth: 50,
      forms: [
        `${heading}\n\n${long ? details("The table", markdown) : markdown}`,
        `${heading}\n\nThe table is in the artifact, as \`plan.md\`.`,
      ],
    },
    {
      worth: 20,
      forms: [
        mermaid === undefined
          ? ""
          : details("The picture: now, after, and after each loss", `\`\`\`mermaid\n${mermaid}\n\`\`\``),
        "",
      ],
    },
    { worth: 25, forms: [image === undefined ? "" : details("The picture in full", image), ""] },
  ];
}

/** @param {readonly import("./plan.mjs").Plan[]} plans @param {import("./job.mjs").Job} job */
function footer(plans, { commit, url, artifact }) {
  const epochs = plans
    .filter(({ epoch }) => epoch !== undefined)
    .map(({ cluster, epoch }) => `planned on configuration ${code(epoch ?? "")}${of(cluster)}`);
  const parts = [
    ...epochs,
    ...(commit === undefined ? [] : [`commit ${code(commit.slice(0, 12))}`]),
    ...(url === undefined
      ? []
      : [
          `[the job](${url})${artifact === undefined ? "" : `, whose artifact ${code(artifact)} has the whole report and the picture`}`,
        ]),
  ];
  return parts.length === 0 ? "" : `---\n${parts.join(" · ")}`;
}
